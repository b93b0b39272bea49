// How does the page of a plan behave in a browser? Each check has a name, and says what it found amiss.

export async function pages(page, browser) {
  void page;
  void browser;
  return [];
}
