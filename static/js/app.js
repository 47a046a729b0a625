/* What every page needs: theme, menus, dialogs, toasts, and htmx's errors. */

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
