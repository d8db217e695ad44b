//! Long lists, a page at a time.

use std::ops::{Deref, Range};

use nuages_handler::{Error, Op, Request, Result};

/// What can be cut into pages: a slice, a `Vec`, or the query of a database.
pub trait Paginate: Sync {
    /// What it is a list of.
    type Item: Send;

    /// How many there are.
    fn total(&self) -> Op<'_, u64>;

    /// Those in this range, in their order.
    fn rows(&self, range: Range<u64>) -> Op<'_, Vec<Self::Item>>;
}

impl<T: Clone + Send + Sync> Paginate for [T] {
    type Item = T;

    fn total(&self) -> Op<'_, u64> {
        Op::ready("Paginate::total", Ok(self.len() as u64))
    }

    fn rows(&self, range: Range<u64>) -> Op<'_, Vec<T>> {
        let at = |index: u64| usize::try_from(index).unwrap_or(usize::MAX).min(self.len());
        Op::ready(
            "Paginate::rows",
            Ok(self[at(range.start)..at(range.end)].to_vec()),
        )
    }
}

impl<T: Clone + Send + Sync> Paginate for Vec<T> {
    type Item = T;

    fn total(&self) -> Op<'_, u64> {
        self.as_slice().total()
    }

    fn rows(&self, range: Range<u64>) -> Op<'_, Vec<T>> {
        self.as_slice().rows(range)
    }
}

/// What a page number that no page has gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutOfRange {
    /// A 404: an address that is wrong should not look right, to search engines least of all.
    #[default]
    NotFound,
    /// The nearest page that there is.
    Nearest,
}

/// How a list is cut into pages.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, Request, Result, Urls};
/// use nuages_views::Paginator;
///
/// async fn numbers(request: Request) -> Result<String> {
///     let page = Paginator::new(10).page(&request, &(1..=95).collect::<Vec<u32>>()).await?;
///     Ok(format!("{:?}, page {} of {}", page.items, page.number(), page.pages()))
/// }
///
/// let client = Client::new(App::new().urls(Urls::new().path("", numbers)));
/// assert_eq!(client.get("/?page=10").wait()?.text(), "[91, 92, 93, 94, 95], page 10 of 10");
/// assert_eq!(client.get("/?page=11").wait()?.status(), 404);
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Paginator {
    per_page: u64,
    orphans: u64,
    out_of_range: OutOfRange,
    parameter: String,
}

impl Paginator {
    /// Pages of this many items; at least one.
    pub fn new(per_page: u64) -> Self {
        Self {
            per_page: per_page.max(1),
            orphans: 0,
            out_of_range: OutOfRange::default(),
            parameter: "page".to_owned(),
        }
    }

    /// So few items are no page of their own: they go to the page before. Default: 0.
    #[must_use]
    pub fn orphans(mut self, orphans: u64) -> Self {
        self.orphans = orphans;
        self
    }

    /// What a page number that no page has gives. Default: a 404.
    #[must_use]
    pub fn out_of_range(mut self, out_of_range: OutOfRange) -> Self {
        self.out_of_range = out_of_range;
        self
    }

    /// The name in the query that says which page. Default: `page`.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>) -> Self {
        self.parameter = name.into();
        self
    }

    /// The page that a request asks for by `?page=2` or `?page=last`; without it, the first.
    ///
    /// # Errors
    ///
    /// 404 where there is no such page, unless [`out_of_range`](Self::out_of_range) says otherwise; and what the list itself fails with.
    ///
    /// # Cancel safety
    ///
    /// Nothing is changed, so dropping it does no harm.
    ///
    /// # Blocking
    ///
    /// `.wait()` waits for the list: twice, for its length and for the page.
    #[track_caller]
    pub fn page<'a, P>(&self, request: &Request, list: &'a P) -> Op<'a, Page<P::Item>>
    where
        P: Paginate + ?Sized,
    {
        let asked = request.query().get(&self.parameter).map(str::to_owned);
        let paginator = self.clone();
        Op::new("Paginator::page", async move {
            let total = list.total().await?;
            let pages = paginator.pages(asked.as_deref(), total)?;
            let items = list.rows(pages.range()).await?;
            Ok(Page { items, pages })
        })
    }

    /// Where a page lies in a list of `total` items, without the list: plain arithmetic, for lists of another kind.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page).
    pub fn pages(&self, asked: Option<&str>, total: u64) -> Result<Pages> {
        let pages = total.saturating_sub(self.orphans).div_ceil(self.per_page).max(1);
        let number = match asked.map(str::trim) {
            None => 1,
            Some("last") => pages,
            Some(text) => match (text.parse::<u64>(), self.out_of_range) {
                (Ok(number), _) if (1..=pages).contains(&number) => number,
                (_, OutOfRange::NotFound) => return Err(Error::not_found()),
                (Ok(0), _) => 1,
                // Digits that no number can hold are past the last page too.
                (Ok(_), _) => pages,
                (Err(_), _) if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => pages,
                (Err(_), _) => 1,
            },
        };
        Ok(Pages {
            number,
            pages,
            total,
            per_page: self.per_page,
        })
    }
}

/// A page of a list, and where it lies.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    pages: Pages,
}

impl<T> Deref for Page<T> {
    type Target = Pages;

    fn deref(&self) -> &Pages {
        &self.pages
    }
}

impl<'a, T> IntoIterator for &'a Page<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl<T> Page<T> {
    /// A page of what was read for it: `pages` comes from [`Paginator::pages`], and its [range](Pages::range) said which items.
    pub fn new(items: Vec<T>, pages: Pages) -> Self {
        Self { items, pages }
    }

    /// The same page of other things: what is shown of each item.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(f).collect(),
            pages: self.pages,
        }
    }
}

/// Where a page lies in its list. Numbers begin at 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pages {
    number: u64,
    pages: u64,
    total: u64,
    per_page: u64,
}

/// What stands in the row of links under a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageLink {
    /// A page.
    Page(u64),
    /// Pages that are left out: an ellipsis.
    Gap,
}

impl PageLink {
    /// The page's number; `None` for a gap.
    pub fn number(self) -> Option<u64> {
        match self {
            Self::Page(number) => Some(number),
            Self::Gap => None,
        }
    }
}

impl Pages {
    /// The page's number.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// How many pages there are; at least one.
    pub fn pages(&self) -> u64 {
        self.pages
    }

    /// How many items there are on all pages.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Whether there is more than this page.
    pub fn has_other_pages(&self) -> bool {
        self.pages > 1
    }

    /// The number of the page before, if there is one.
    pub fn previous(&self) -> Option<u64> {
        (self.number > 1).then(|| self.number - 1)
    }

    /// The number of the page after, if there is one.
    pub fn next(&self) -> Option<u64> {
        (self.number < self.pages).then(|| self.number + 1)
    }

    /// The page's items as a range of the whole list, which begins at 0. The last page has the orphans too.
    pub fn range(&self) -> Range<u64> {
        let start = (self.number - 1) * self.per_page;
        let end = if self.number == self.pages {
            self.total.max(start)
        } else {
            start + self.per_page
        };
        start..end
    }

    /// The place of the page's first item, from 1; 0 in an empty list.
    pub fn start_index(&self) -> u64 {
        if self.total == 0 {
            0
        } else {
            self.range().start + 1
        }
    }

    /// The place of the page's last item.
    pub fn end_index(&self) -> u64 {
        self.range().end
    }

    /// The row of links, with gaps where pages are left out: 3 pages at each side of this one, 2 at each end. A gap stands for two pages or more.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_views::{PageLink::{Gap, Page}, Paginator};
    ///
    /// let pages = Paginator::new(10).pages(Some("10"), 500)?;
    /// assert_eq!(pages.links()[..5], [Page(1), Page(2), Gap, Page(7), Page(8)]);
    /// assert_eq!(pages.elided(1, 1), [Page(1), Gap, Page(9), Page(10), Page(11), Gap, Page(50)]);
    /// # Ok::<(), nuages_handler::Error>(())
    /// ```
    pub fn links(&self) -> Vec<PageLink> {
        self.elided(3, 2)
    }

    /// The row of links with so many pages on each side of this one, and so many at each end.
    pub fn elided(&self, on_each_side: u64, on_ends: u64) -> Vec<PageLink> {
        let first = self.number.saturating_sub(on_each_side).max(1);
        let last = self.number.saturating_add(on_each_side).min(self.pages);
        let mut links = Vec::new();
        // A gap of one page would be no shorter than the page.
        if first <= on_ends + 2 {
            links.extend((1..first).map(PageLink::Page));
        } else {
            links.extend((1..=on_ends).map(PageLink::Page));
            links.push(PageLink::Gap);
        }
        links.extend((first..=last).map(PageLink::Page));
        if last + on_ends + 1 >= self.pages {
            links.extend((last + 1..=self.pages).map(PageLink::Page));
        } else {
            links.push(PageLink::Gap);
            links.extend((self.pages - on_ends + 1..=self.pages).map(PageLink::Page));
        }
        links
    }
}
