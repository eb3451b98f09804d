// The page to chat in.

import "../shared/base.css";
import "../shared/controls.css";
import "./styles/app.css";
import "./styles/bars.css";
import "./styles/notices.css";
import "./styles/menus.css";
import "./styles/user-picker.css";
import "./styles/conversation-list.css";
import "./styles/thread.css";
import "./styles/message.css";
import "./styles/message-text.css";
import "./styles/reactions.css";
import "./styles/attachments.css";
import "./styles/composer.css";
import "./styles/dialog.css";
import "./styles/sheets.css";
import "./styles/details.css";
import "./styles/image-viewer.css";
import { render } from "preact";
import { DIRECTION, LOCALE } from "../shared/text.ts";
import { restoreTheme } from "../shared/theme.ts";
import { App } from "./app.tsx";

restoreTheme();
document.documentElement.dir = DIRECTION;
document.documentElement.lang = LOCALE;
render(<App />, document.querySelector("#app") as HTMLElement);
