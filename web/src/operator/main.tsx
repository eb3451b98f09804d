import "../shared/base.css";
import "../shared/controls.css";
import "./styles/frame.css";
import "./styles/list.css";
import "./styles/inspection.css";
import "./styles/sheets.css";
import "./styles/narrow.css";
import { render } from "preact";
import { DIRECTION, LOCALE } from "../shared/text.ts";
import { restoreTheme } from "../shared/theme.ts";
import { App } from "./app.tsx";

restoreTheme();
document.documentElement.dir = DIRECTION;
document.documentElement.lang = LOCALE;
render(<App />, document.querySelector("#app") as HTMLElement);
