//! Many numbered places, of which few are ever used: those that nobody asks for cost nothing.

use std::cell::OnceCell;

/// Places on one page, and pages on one sheet. Both are made when a place on them is first asked for.
const PAGE: usize = 32;
const SHEET: usize = 64;

type Page<T> = Box<[T]>;
type Sheet<T> = Box<[OnceCell<Page<T>>]>;

/// So many places, each in its first state until somebody asks for it.
#[derive(Debug)]
pub(super) struct Pages<T>(Vec<OnceCell<Sheet<T>>>);

impl<T: Default> Pages<T> {
    pub(super) fn with_places(count: usize) -> Self {
        let sheets = count.div_ceil(PAGE * SHEET);
        Self((0..sheets).map(|_| OnceCell::new()).collect())
    }

    pub(super) fn get(&self, number: usize) -> Option<&T> {
        let sheet = self.0.get(number / (PAGE * SHEET))?;
        let sheet = sheet.get_or_init(|| (0..SHEET).map(|_| OnceCell::new()).collect());
        let page = sheet.get(number / PAGE % SHEET)?;
        let page = page.get_or_init(|| (0..PAGE).map(|_| T::default()).collect());
        page.get(number % PAGE)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn every_place_is_there_and_its_own() {
        let count = PAGE * SHEET + 3;
        let pages = Pages::<Cell<usize>>::with_places(count);
        for number in (0..count).rev() {
            pages.get(number).unwrap().set(number);
        }
        for number in 0..count {
            assert_eq!(pages.get(number).unwrap().get(), number);
        }
        assert!(pages.get(PAGE * SHEET * 2).is_none());
    }
}
