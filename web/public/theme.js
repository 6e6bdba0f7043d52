// Sets the theme before the first paint, so that it never flashes. Plain and separate because the page's
// content security policy allows no inline script. theme/theme.ts takes over from here.
(() => {
  let choice = null;
  try {
    choice = localStorage.getItem('fusescope-theme');
  } catch {
    // Storage may be forbidden; then the system decides.
  }
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.dataset.theme =
    choice === 'light' || choice === 'dark' ? choice : dark ? 'dark' : 'light';
})();
