//! Items beside a block in its source file, for mistakes that the block itself does not show: the
//! compiler would report one at everything that is generated.
//!
//! Only the texts of errors depend on it. A file that has no suspicious text is not parsed, and
//! without a file, or for a block that another macro wrote, nothing is known of the items beside it.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, File, Ident, Item, ItemImpl, ItemMod, Stmt, Type, UseTree};

use super::raw::printed;
use crate::model::{Actor, Handler};

/// Items in the scope of a block.
pub(crate) struct Beside {
    /// In their order.
    items: Vec<Item>,
    /// Number of items before the block.
    at: usize,
}

impl Beside {
    /// Finds the scope of the block of an actor in its file; `None` if it is not known, or if the
    /// text shows that nothing there meets the block.
    pub(crate) fn of(block: &ItemImpl, actor: &Actor) -> Option<Self> {
        if !proc_macro::is_available() {
            return None;
        }
        let path = block.impl_token.span.unwrap().local_file()?;
        let text = std::fs::read_to_string(path).ok()?;
        let is_suspicious = has_two_blocks(&text, actor) || has_generated(&text, actor);
        is_suspicious.then(|| Self::in_text(&text, block))?
    }

    fn in_text(text: &str, block: &ItemImpl) -> Option<Self> {
        let file: File = syn::parse_file(text).ok()?;
        let mut scopes = Scopes {
            block: plain(block),
            found: Vec::new(),
        };
        scopes.scope(file.items.iter());
        visit::visit_file(&mut scopes, &file);
        // The same block twice: the one that is expanded could be either.
        let only = scopes.found.len() == 1;
        scopes.found.pop().filter(|_| only)
    }

    /// Number of `#[actor]` blocks of the type before this one.
    pub(crate) fn blocks_before(&self, actor: &Type) -> usize {
        let actor = spelled(actor);
        let before = self.items.iter().take(self.at);
        let blocks = before.filter(|item| match item {
            Item::Impl(block) => {
                block.trait_.is_none()
                    && is_always(&block.attrs)
                    && names(&block.attrs, "actor")
                    && spelled(&block.self_ty) == actor
            }
            _ => false,
        });
        blocks.count()
    }

    /// Keyword of a type, a trait or an import of that name.
    pub(crate) fn keyword(&self, name: &Ident) -> Option<&'static str> {
        self.items.iter().find_map(|item| {
            let (keyword, ident, attrs) = match item {
                Item::Struct(item) => ("struct", &item.ident, &item.attrs),
                Item::Enum(item) => ("enum", &item.ident, &item.attrs),
                Item::Union(item) => ("union", &item.ident, &item.attrs),
                Item::Type(item) => ("type", &item.ident, &item.attrs),
                Item::Trait(item) => ("trait", &item.ident, &item.attrs),
                Item::Use(item) if is_always(&item.attrs) => {
                    return imports(&item.tree, name).then_some("use");
                }
                _ => return None,
            };
            (ident == name && is_always(attrs)).then_some(keyword)
        })
    }
}

/// Tests for a text that seems to have two `#[actor]` blocks of a type.
fn has_two_blocks(text: &str, actor: &Actor) -> bool {
    let name = actor.ident.to_string();
    let mut is_marked = false;
    let blocks = text.lines().map(str::trim_start).filter(|line| {
        let is_block = line.starts_with("impl");
        let is_ours = is_block && is_marked && line.contains(&name);
        is_marked = !is_block && (is_marked || line.starts_with("#[") && line.contains("actor"));
        is_ours
    });
    blocks.count() > 1
}

/// Tests for a text that seems to define or to import something with a name that is generated.
fn has_generated(text: &str, actor: &Actor) -> bool {
    let own = actor.handlers.iter().filter_map(Handler::as_method);
    let mut names = own.map(|own| own.message.ident.to_string());
    let calls = format!("{}Calls", actor.ident);
    let is_told = |name: &str| {
        let keywords = ["struct", "enum", "union", "type", "trait"];
        let mut definitions = keywords.iter().map(|keyword| format!("{keyword} {name}"));
        let is_import = |line: &str| line.starts_with("use ") || line.starts_with("pub use ");
        let mut lines = text.lines().map(str::trim_start);
        definitions.any(|definition| text.contains(&definition))
            || lines.any(|line| is_import(line) && line.contains(name))
    };
    actor.has_calls() && is_told(&calls) || names.any(|name| is_told(&name))
}

/// Search for the scopes that have a block.
struct Scopes {
    block: String,
    found: Vec<Beside>,
}

impl Scopes {
    fn scope<'a>(&mut self, items: impl Iterator<Item = &'a Item> + Clone) {
        for (at, item) in items.clone().enumerate() {
            if let Item::Impl(block) = item
                && block.trait_.is_none()
                && plain(block) == self.block
            {
                let items = items.clone().cloned().collect();
                self.found.push(Beside { items, at });
            }
        }
    }
}

impl<'ast> Visit<'ast> for Scopes {
    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if let Some((_, items)) = &module.content {
            self.scope(items.iter());
        }
        visit::visit_item_mod(self, module);
    }

    fn visit_block(&mut self, block: &'ast Block) {
        self.scope(block.stmts.iter().filter_map(|stmt| match stmt {
            Stmt::Item(item) => Some(item),
            _ => None,
        }));
        visit::visit_block(self, block);
    }
}

/// Text of a block without spaces, since `.0.0` may be two tokens or four, without its attributes, and
/// without doc comments, whose tokens depend on who has read them.
fn plain(block: &ItemImpl) -> String {
    let mut block = block.clone();
    block.attrs.clear();
    let mut text = String::new();
    flatten(printed(&block), &mut text);
    text
}

fn flatten(tokens: TokenStream, text: &mut String) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(mark) if mark.as_char() == '#' => {
                text.push('#');
                tokens.next_if(
                    |next| matches!(next, TokenTree::Punct(mark) if mark.as_char() == '!'),
                );
                tokens.next_if(|next| matches!(next, TokenTree::Group(group) if is_doc(group)));
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                flatten(group.stream(), text);
                text.push_str(close);
            }
            other => text.push_str(&other.to_string()),
        }
    }
}

fn is_doc(group: &Group) -> bool {
    let first = group.stream().into_iter().next();
    matches!(first, Some(TokenTree::Ident(ident)) if ident == "doc")
}

/// Attributes that neither remove nor change an item.
const HARMLESS: [&str; 14] = [
    "actor",
    "allow",
    "deny",
    "derive",
    "doc",
    "expect",
    "message",
    "must_use",
    "non_exhaustive",
    "part",
    "protocol",
    "repr",
    "serde",
    "warn",
];

/// Tests for an item that is there in any case: an attribute may remove it.
fn is_always(attrs: &[Attribute]) -> bool {
    attrs.iter().all(|attr| {
        let last = attr.path().segments.last();
        last.is_some_and(|last| HARMLESS.iter().any(|known| last.ident == known))
    })
}

/// Tests for an attribute with that name, by whatever path.
fn names(attrs: &[Attribute], name: &str) -> bool {
    attrs.iter().any(|attr| {
        let last = attr.path().segments.last();
        last.is_some_and(|last| last.ident == name)
    })
}

/// Tests for an import that gives something that name.
fn imports(tree: &UseTree, name: &Ident) -> bool {
    match tree {
        UseTree::Path(path) => imports(&path.tree, name),
        UseTree::Name(import) => import.ident == *name,
        UseTree::Rename(import) => import.rename == *name,
        UseTree::Group(group) => group.items.iter().any(|tree| imports(tree, name)),
        _ => false,
    }
}

fn spelled(ty: &Type) -> String {
    ty.to_token_stream().to_string()
}

#[cfg(test)]
mod tests {
    use quote::quote;
    use syn::parse_quote;

    use super::*;

    /// Finds the second block of `Counter` in the text around it.
    fn beside(before: &str, after: &str) -> Option<Beside> {
        let text = format!(
            "{before} #[actor] impl Counter {{ #[message] fn set(&mut self) {{ self.0.0 = 0; }} }} {after}"
        );
        let body = quote!({
            self.0.0 = 0;
        });
        let block = parse_quote! {
            impl Counter {
                #[message] fn set(&mut self) #body
            }
        };
        Beside::in_text(&text, &block)
    }

    const FIRST: &str = "#[conclib::actor] impl Counter { #[message] fn add(&mut self) {} }";

    fn blocks_before(before: &str, after: &str) -> Option<usize> {
        let found = beside(before, after)?;
        Some(found.blocks_before(&parse_quote!(Counter)))
    }

    #[test]
    fn only_blocks_of_the_same_scope_count() {
        assert_eq!(blocks_before(FIRST, ""), Some(1));
        assert_eq!(blocks_before("", FIRST), Some(0));
        assert_eq!(
            blocks_before(&format!("mod other {{ {FIRST} }}"), ""),
            Some(0)
        );
        assert_eq!(
            blocks_before(&format!("{FIRST} fn test() {{"), "}"),
            Some(0)
        );
        assert_eq!(
            blocks_before(&format!("fn test() {{ {FIRST}"), "}"),
            Some(1)
        );
        assert_eq!(
            blocks_before(&format!("mod inner {{ {FIRST}"), "}"),
            Some(1)
        );
    }

    #[test]
    fn only_actors_of_the_same_name_count_and_only_without_a_condition() {
        for other in [
            "impl Counter { fn add(&mut self) {} }",
            "#[actor] impl Other { #[message] fn add(&mut self) {} }",
            "#[actor] impl other::Counter { #[message] fn add(&mut self) {} }",
            "#[actor] impl Add for Counter { fn add(&mut self) {} }",
            "#[cfg(unix)] #[actor] impl Counter { #[message] fn add(&mut self) {} }",
            "#[cfg_attr(unix, actor)] impl Counter { #[message] fn add(&mut self) {} }",
        ] {
            assert_eq!(blocks_before(other, ""), Some(0), "{other}");
        }
    }

    #[test]
    fn a_block_that_is_there_twice_or_not_at_all_is_unknown() {
        let twice = "#[actor] impl Counter { #[message] fn set(&mut self) { self.0.0 = 0; } }";
        assert_eq!(blocks_before(twice, ""), None);
        let block = parse_quote!(impl Counter { fn get(&self) {} });
        assert!(Beside::in_text(FIRST, &block).is_none());
    }

    #[test]
    fn types_and_traits_of_the_same_scope_have_their_names() {
        let keyword = |before: &str, after: &str| {
            let found = beside(before, after).unwrap();
            found.keyword(&parse_quote!(CounterSet))
        };
        assert_eq!(keyword("", "enum CounterSet {}"), Some("enum"));
        assert_eq!(keyword("trait CounterSet {}", ""), Some("trait"));
        assert_eq!(keyword("type CounterSet = u8;", ""), Some("type"));
        assert_eq!(keyword("struct CounterSets;", "fn CounterSet() {}"), None);
        assert_eq!(keyword("#[cfg(unix)] struct CounterSet;", ""), None);
        assert_eq!(keyword("mod other { struct CounterSet; }", ""), None);
    }
}
