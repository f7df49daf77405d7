//! Everything that a source file names, found on its tokens: `use` trees, paths, re-exports, macros.
use std::collections::{BTreeMap, BTreeSet};

use syn::buffer::{Cursor, TokenBuffer};
use syn::visit::{self, Visit};
use syn::{Attribute, File, Item, ItemMod, ItemUse, Macro, Meta, UseTree};

/// A path in full, such as `crate::inventory::Inventory` or `std::fs::read`.
pub(super) type Names = Vec<String>;

/// Everything that one file names, and the modules that it declares in files of their own.
pub(super) struct Mentions {
    /// The module that the visitor stands in, below the crate's root.
    here: Names,
    pub(super) paths: BTreeSet<Names>,
    /// What `use` makes a name stand for.
    aliases: BTreeMap<String, BTreeSet<Names>>,
    pub(super) modules: Vec<(Names, Audience)>,
    tests: Tests,
}

/// Whom a module is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    Everyone,
    Tests,
}

/// Whether code that is compiled for tests alone counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tests {
    Count,
    AreLeftOut,
}

impl Mentions {
    pub(super) fn of(file: &File, here: &[String], tests: Tests) -> Self {
        let (paths, aliases, modules) = (BTreeSet::new(), BTreeMap::new(), Vec::new());
        let mut mentions = Self { here: here.to_vec(), paths, aliases, modules, tests };
        mentions.visit_file(file);
        mentions.follow_aliases();
        mentions
    }

    /// Adds `jiff::Timestamp::now` where the file says `use jiff::Timestamp` and `Timestamp::now`.
    fn follow_aliases(&mut self) {
        let followed: Vec<Names> = self
            .paths
            .iter()
            .filter_map(|path| path.split_first())
            .flat_map(|(first, rest)| {
                let meant = self.aliases.get(first).into_iter().flatten();
                meant.map(move |path| [path.as_slice(), rest].concat())
            })
            .collect();
        self.paths.extend(followed);
    }

    /// Writes out `self` and `super`.
    fn absolute(&self, path: &[String]) -> Names {
        let above = path.iter().take_while(|name| matches!(name.as_str(), "self" | "super")).count();
        if above == 0 {
            return path.to_vec();
        }
        let up = path[..above].iter().filter(|name| *name == "super").count();
        let module = &self.here[..self.here.len().saturating_sub(up)];
        [&["crate".to_owned()], module, &path[above..]].concat()
    }

    fn mention(&mut self, path: &[String]) {
        let path = self.absolute(path);
        self.paths.insert(path);
    }

    /// Walks a `use` tree; `before` is what stands to its left.
    fn tree(&mut self, before: &[String], tree: &UseTree) {
        let below = |name: &syn::Ident| match name.to_string() {
            name if name == "self" && !before.is_empty() => before.to_vec(),
            name => [before, &[name]].concat(),
        };
        match tree {
            UseTree::Path(path) => self.tree(&below(&path.ident), &path.tree),
            UseTree::Name(name) => {
                let path = below(&name.ident);
                self.bring(&path, path.last().cloned());
            }
            UseTree::Rename(rename) => self.bring(&below(&rename.ident), Some(rename.rename.to_string())),
            UseTree::Glob(_) => self.mention(&[before, &["*".to_owned()]].concat()),
            UseTree::Group(group) => group.items.iter().for_each(|item| self.tree(before, item)),
        }
    }

    fn bring(&mut self, path: &[String], alias: Option<String>) {
        self.mention(path);
        let path = self.absolute(path);
        if let Some(alias) = alias {
            self.aliases.entry(alias).or_default().insert(path);
        }
    }

    /// Finds the paths among tokens that no grammar describes, those of a macro's call.
    fn scan(&mut self, mut cursor: Cursor<'_>) {
        let mut path = Names::new();
        while !cursor.eof() {
            if let Some((name, rest)) = cursor.ident() {
                path.push(name.to_string());
                if let Some(after) = colons(rest) {
                    cursor = after;
                    continue;
                }
                self.mention(&path);
                cursor = rest;
            } else if let Some((inside, _, _, rest)) = cursor.any_group() {
                self.scan(inside);
                cursor = rest;
            } else if let Some((_, rest)) = cursor.token_tree() {
                cursor = rest;
            }
            path.clear();
        }
    }
}

/// Steps over `::`.
fn colons(cursor: Cursor<'_>) -> Option<Cursor<'_>> {
    let (first, rest) = cursor.punct()?;
    let (second, rest) = rest.punct()?;
    (first.as_char() == ':' && second.as_char() == ':').then_some(rest)
}

impl<'ast> Visit<'ast> for Mentions {
    fn visit_item(&mut self, item: &'ast Item) {
        // A file of tests is still a file that belongs somewhere, so its declaration counts.
        let declares_file = matches!(item, Item::Mod(module) if module.content.is_none());
        match (self.tests, audience(attributes(item))) {
            (Tests::AreLeftOut, Audience::Tests) if !declares_file => {}
            (Tests::AreLeftOut | Tests::Count, Audience::Everyone | Audience::Tests) => visit::visit_item(self, item),
        }
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        self.here.push(module.ident.to_string());
        if module.content.is_none() {
            self.modules.push((self.here.clone(), audience(&module.attrs)));
        }
        visit::visit_item_mod(self, module);
        self.here.pop();
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.mention(&path.segments.iter().map(|segment| segment.ident.to_string()).collect::<Names>());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.scan(TokenBuffer::new2(call.tokens.clone()).begin());
        visit::visit_macro(self, call);
    }
}

/// The attributes of the items that tests are made of.
fn attributes(item: &Item) -> &[Attribute] {
    if let Item::Mod(module) = item {
        &module.attrs
    } else if let Item::Use(import) = item {
        &import.attrs
    } else if let Item::Fn(function) = item {
        &function.attrs
    } else if let Item::Impl(block) = item {
        &block.attrs
    } else {
        &[]
    }
}

/// Looks for `#[cfg(test)]` and `#[test]`.
fn audience(attributes: &[Attribute]) -> Audience {
    let for_tests = attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        Meta::Path(path) => path.is_ident("test"),
        Meta::NameValue(_) => false,
    });
    if for_tests { Audience::Tests } else { Audience::Everyone }
}
