/** Follows a link within the page. The address bar's # belongs to the routes, so it moves the focus itself. */
export function jump(event: React.MouseEvent<HTMLAnchorElement>) {
  event.preventDefault();
  document.getElementById(event.currentTarget.hash.slice(1))?.focus();
}
