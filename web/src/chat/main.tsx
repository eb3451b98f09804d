// The page to chat in.

import "../shared/base.css";
import "../shared/controls.css";
import { render } from "preact";
import { Empty } from "../shared/controls.tsx";
import { DIRECTION, text } from "../shared/text.ts";
import { restoreTheme } from "../shared/theme.ts";

restoreTheme();
document.documentElement.dir = DIRECTION;
render(<Empty icon="chat" title={text.product} />, document.querySelector("#app") as HTMLElement);
