//! Sets of people, and sets of which somebody's place may not be known.
use crate::access::Ability;

const BITS: usize = u64::BITS as usize;

/// People by their position among all people of an inventory.
#[derive(Clone, Debug, Default)]
pub struct Set {
    /// Words that are missing at the end are empty.
    words: Vec<u64>,
}

impl Set {
    /// Nobody.
    pub fn nobody() -> Self {
        Self::default()
    }

    /// The first so many people.
    pub fn everybody(count: usize) -> Self {
        let mut words = vec![u64::MAX; count / BITS];
        if !count.is_multiple_of(BITS) {
            words.push((1 << (count % BITS)) - 1);
        }
        Self { words }
    }

    /// Adds somebody.
    pub fn insert(&mut self, person: usize) {
        let word = person / BITS;
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << (person % BITS);
    }

    /// Whether somebody is in the set.
    pub fn contains(&self, person: usize) -> bool {
        self.words.get(person / BITS).is_some_and(|word| word >> (person % BITS) & 1 == 1)
    }

    /// Adds everybody of another set.
    pub fn extend(&mut self, other: &Self) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (own, others) in self.words.iter_mut().zip(&other.words) {
            *own |= others;
        }
    }

    /// Keeps who is in both sets.
    pub fn keep(&mut self, other: &Self) {
        self.words.truncate(other.words.len());
        for (own, others) in self.words.iter_mut().zip(&other.words) {
            *own &= others;
        }
    }

    /// Takes out everybody of another set.
    pub fn remove(&mut self, other: &Self) {
        for (own, others) in self.words.iter_mut().zip(&other.words) {
            *own &= !others;
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether nobody is in the set.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// The positions of its people, in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.words
            .iter()
            .enumerate()
            .flat_map(|(at, word)| (0..BITS).filter(move |bit| word >> bit & 1 == 1).map(move |bit| at * BITS + bit))
    }
}

impl PartialEq for Set {
    fn eq(&self, other: &Self) -> bool {
        let longest = self.words.len().max(other.words.len());
        let word = |set: &Self, at: usize| set.words.get(at).copied().unwrap_or_default();
        (0..longest).all(|at| word(self, at) == word(other, at))
    }
}

impl Eq for Set {}

impl FromIterator<usize> for Set {
    fn from_iter<I: IntoIterator<Item = usize>>(people: I) -> Self {
        let mut set = Self::nobody();
        for person in people {
            set.insert(person);
        }
        set
    }
}

/// For each person one of three answers: whoever is certain can, whoever is not even possible cannot, and of the rest
/// nobody knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Crowd {
    /// Who certainly is in it; always possible too.
    certain: Set,
    /// Who may be in it.
    possible: Set,
}

impl Crowd {
    /// Nobody, for certain.
    pub fn nobody() -> Self {
        Self::default()
    }

    /// These people, for certain, and nobody else.
    pub fn of(people: Set) -> Self {
        Self { certain: people.clone(), possible: people }
    }

    /// Of these people nobody knows; the others are not in it.
    pub fn perhaps(people: Set) -> Self {
        Self { certain: Set::nobody(), possible: people }
    }

    /// What the crowd answers for one person.
    pub fn ability(&self, person: usize) -> Ability {
        match (self.certain.contains(person), self.possible.contains(person)) {
            (true, _) => Ability::Can,
            (false, true) => Ability::Unknown,
            (false, false) => Ability::Cannot,
        }
    }

    /// Who certainly is in it.
    pub fn certain(&self) -> &Set {
        &self.certain
    }

    /// Who is in it or may be.
    pub fn possible(&self) -> &Set {
        &self.possible
    }

    /// Of whom nobody knows.
    pub fn unknown(&self) -> Set {
        let mut unknown = self.possible.clone();
        unknown.remove(&self.certain);
        unknown
    }

    /// Adds another crowd: whoever is in one of them is in it.
    pub fn extend(&mut self, other: &Self) {
        self.certain.extend(&other.certain);
        self.possible.extend(&other.possible);
    }

    /// Adds another crowd of which nothing is certain.
    pub fn extend_perhaps(&mut self, other: &Self) {
        self.possible.extend(&other.possible);
    }

    /// Either crowd.
    #[must_use]
    pub fn or(mut self, other: &Self) -> Self {
        self.extend(other);
        self
    }

    /// Both crowds: whoever is not in one of them is not in it, and doubt about one is doubt.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.certain.keep(&other.certain);
        self.possible.keep(&other.possible);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crowd(certain: &[usize], perhaps: &[usize]) -> Crowd {
        Crowd::of(certain.iter().copied().collect()).or(&Crowd::perhaps(perhaps.iter().copied().collect()))
    }

    #[test]
    fn doubt_about_one_of_two_needs_is_doubt_unless_the_other_decides() {
        let (one, other) = (crowd(&[1, 2, 70], &[3, 4]), crowd(&[1, 4], &[2, 3]));
        let both = one.clone().and(&other);
        let answers: Vec<Ability> = [1, 2, 3, 4, 70, 99].map(|person| both.ability(person)).into();
        let (can, cannot, unknown) = (Ability::Can, Ability::Cannot, Ability::Unknown);
        assert_eq!(answers, [can, unknown, unknown, unknown, cannot, cannot]);
        let either = one.or(&other);
        let answers: Vec<Ability> = [1, 2, 3, 4, 70, 99].map(|person| either.ability(person)).into();
        assert_eq!(answers, [can, can, unknown, can, can, cannot]);
    }

    #[test]
    fn sets_of_any_length_are_counted_listed_and_compared() {
        let every = Set::everybody(130);
        assert_eq!((every.len(), every.contains(129), every.contains(130)), (130, true, false));
        assert_eq!(Set::everybody(128).iter().last(), Some(127));
        let mut few: Set = [5, 129].into_iter().collect();
        few.keep(&Set::everybody(64));
        assert_eq!(few, [5].into_iter().collect());
        assert_eq!(few.iter().collect::<Vec<_>>(), [5]);
        few.remove(&Set::everybody(6));
        assert!(few.is_empty() && few == Set::nobody());
    }
}
