/* The script of every page: theme, time zone, menus, dialogs, toasts, htmx requests, keys, impressions. */

import { startCounts } from "./counts.js";
import { startDialogs } from "./dialogs.js";
import { startFeeds } from "./feeds.js";
import { startFocus } from "./focus.js";
import { startHotkeys } from "./hotkeys.js";
import { startImpressions } from "./impressions.js";
import { startMenus } from "./menus.js";
import { startRequests } from "./requests.js";
import { startTheme } from "./theme.js";
import { startTimeZone } from "./time-zone.js";
import { startToasts } from "./toasts.js";

startTheme();
startTimeZone();
startMenus();
startDialogs();
startToasts();
startRequests();
startFocus();
startHotkeys();
startCounts();
startFeeds();
startImpressions();
