/* The browser's time zone in a cookie, for pages of members who chose none. */

const YEAR = 31536000;

export function startTimeZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone || document.cookie.split("; ").includes(`timezone=${zone}`)) return;
  document.cookie = `timezone=${zone}; path=/; max-age=${YEAR}; samesite=lax`;
}
