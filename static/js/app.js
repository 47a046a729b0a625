/* The script of every page: theme, menus, dialogs, toasts, htmx requests, impressions. */

import { startDialogs } from "./dialogs.js";
import { startFeeds } from "./feeds.js";
import { startImpressions } from "./impressions.js";
import { startMenus } from "./menus.js";
import { startRequests } from "./requests.js";
import { startTheme } from "./theme.js";
import { startToasts } from "./toasts.js";

startTheme();
startMenus();
startDialogs();
startToasts();
startRequests();
startFeeds();
startImpressions();
