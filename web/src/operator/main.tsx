// The operator's page.

import "../shared/base.css";
import "../shared/controls.css";
import "./operator.css";
import { render } from "preact";
import { DIRECTION, LOCALE } from "../shared/text.ts";
import { restoreTheme } from "../shared/theme.ts";
import { App } from "./app.tsx";

restoreTheme();
document.documentElement.dir = DIRECTION;
document.documentElement.lang = LOCALE;
render(<App />, document.querySelector("#app") as HTMLElement);
