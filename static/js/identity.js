/* Who this page was made for, and the token that allows its requests.

   The token is read from the cookie at each request: a log-in in another tab replaces it,
   and what the page was rendered with is refused from then on. */

/** The key of the person this page was made for; empty for visitors. */
export const user = document.body.dataset.user ?? "";

export function csrfToken() {
  return document.cookie.match(/(?:^|; )csrftoken=([^;]*)/)?.[1] ?? "";
}

/** The headers of every request that changes something. */
export function headers() {
  return { "X-CSRFToken": csrfToken(), ...(user && { "X-For-User": user }) };
}
