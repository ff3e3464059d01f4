//! What a statement does to the names of tables and columns, and from which columns it fills which.

use crate::ddl::{Object, read};
use crate::sql::token::{Token, TokenKind, significant};
use crate::sql::{Head, Name, Statement, Verb};

/// What it does.
pub(super) enum Moves {
    /// Makes a table with these columns, filled from a query if there is one.
    Create(Name, Vec<Name>, Option<Query>),
    /// Renames a table.
    RenameTable(Name, Name),
    /// Renames a column of a table.
    RenameColumn(Name, Name, Name),
    /// Adds a column to a table.
    AddColumn(Name, Name),
    /// Drops a column of a table.
    DropColumn(Name, Name),
    /// Drops a table.
    DropTable(Name),
    /// Fills a table, or these columns of it, from a query.
    Copy(Name, Option<Vec<Name>>, Query),
    /// Sets columns of all rows of a table to other columns: to, from.
    Assign(Name, Vec<(Name, Name)>),
}

/// `SELECT … FROM table`.
pub(super) struct Query {
    /// The table.
    pub(super) from: Name,
    /// What each result is called, and the column that it is, if it is one; nothing for `*`.
    pub(super) results: Option<Vec<(Option<Name>, Option<Name>)>>,
    /// The names that each result mentions.
    pub(super) mentioned: Vec<Vec<Name>>,
}

/// What a statement does, if it is of interest.
pub(super) fn moves(statement: &Statement<'_>) -> Option<Moves> {
    let tokens = significant(statement.text);
    let mut reader = Reader { tokens: &tokens, at: 0 };
    match Head::read(statement.kind, &tokens)? {
        Head::CreateTable(table) => reader.create(statement.text, table),
        Head::RenameTable(from, to) => Some(Moves::RenameTable(from, to)),
        Head::RenameColumn(table, from, to) => Some(Moves::RenameColumn(table, from, to)),
        Head::AddColumn(table, column) => Some(Moves::AddColumn(table, column)),
        Head::DropColumn(table, column) => Some(Moves::DropColumn(table, column)),
        Head::DropTable(table) => Some(Moves::DropTable(table)),
        Head::Write(Verb::Update, _) => reader.update(),
        Head::Write(Verb::Insert | Verb::Replace, _) => reader.insert(),
        _ => None,
    }
}

struct Reader<'t> {
    tokens: &'t [Token<'t>],
    at: usize,
}

impl Reader<'_> {
    fn is_kind(&self, kind: TokenKind) -> bool {
        self.tokens.get(self.at).is_some_and(|token| token.kind == kind)
    }

    fn take(&mut self, kind: TokenKind) -> Option<()> {
        self.is_kind(kind).then(|| self.at += 1)
    }

    /// All of the words, or none.
    fn words(&mut self, words: &[&str]) -> Option<()> {
        let are_next = words
            .iter()
            .enumerate()
            .all(|(at, word)| self.tokens.get(self.at + at).is_some_and(|token| token.is_word(word)));
        are_next.then(|| self.at += words.len())
    }

    fn identifier(&mut self) -> Option<Name> {
        let name = self.tokens.get(self.at)?.identifier()?;
        self.at += 1;
        Some(name.into())
    }

    /// A name, or one behind that of a database: `main.users`.
    fn name(&mut self) -> Option<Name> {
        let first = self.identifier()?;
        if self.take(TokenKind::Dot).is_none() {
            return Some(first);
        }
        self.identifier()
    }

    fn create(&mut self, text: &str, table: Name) -> Option<Moves> {
        self.words(&["create"])?;
        let _ = self.words(&["temp"]).or_else(|| self.words(&["temporary"]));
        self.words(&["table"])?;
        let _ = self.words(&["if", "not", "exists"]);
        self.name()?;
        if self.words(&["as"]).is_some() {
            let query = self.query()?;
            let names = query.results.iter().flatten();
            let columns = names.map(|(name, column)| name.clone().or_else(|| column.clone())).collect::<Option<_>>();
            return Some(Moves::Create(table, columns.unwrap_or_default(), Some(query)));
        }
        let columns = match read(text) {
            Ok(Object::Table(read)) => read.columns.into_iter().map(|column| column.name).collect(),
            _ => Vec::new(),
        };
        Some(Moves::Create(table, columns, None))
    }

    fn insert(&mut self) -> Option<Moves> {
        if self.words(&["replace"]).is_none() {
            self.words(&["insert"])?;
            if self.words(&["or"]).is_some() {
                self.identifier()?;
            }
        }
        self.words(&["into"])?;
        let table = self.name()?;
        let columns = if self.is_kind(TokenKind::Open) { Some(self.list()?) } else { None };
        Some(Moves::Copy(table, columns, self.query()?))
    }

    /// `(a, b, c)`.
    fn list(&mut self) -> Option<Vec<Name>> {
        self.take(TokenKind::Open)?;
        let mut names = vec![self.identifier()?];
        while self.take(TokenKind::Comma).is_some() {
            names.push(self.identifier()?);
        }
        self.take(TokenKind::Close)?;
        Some(names)
    }

    /// `SELECT a, b AS c, * FROM t …`, of one table.
    fn query(&mut self) -> Option<Query> {
        self.words(&["select"])?;
        let _ = self.words(&["all"]).or_else(|| self.words(&["distinct"]));
        let (mut results, mut mentioned) = (Vec::new(), Vec::new());
        let mut is_star = false;
        loop {
            let piece = self.piece(&["from"]);
            is_star |= matches!(piece, [.., star] if star.text == "*" && piece.len() != 2);
            mentioned.push(piece.iter().filter_map(Token::identifier).map(Name::from).collect());
            results.push(result(piece));
            if self.take(TokenKind::Comma).is_none() {
                break;
            }
        }
        self.words(&["from"])?;
        let from = self.name()?;
        let is_joined = self.tokens[self.at..].iter().any(|token| token.is_word("join"));
        let results = (!is_star).then_some(results);
        (!is_joined && !self.is_kind(TokenKind::Comma)).then_some(Query { from, results, mentioned })
    }

    /// What stands before the next comma, or one of the words, outside of brackets.
    fn piece(&mut self, ends: &[&str]) -> &[Token<'_>] {
        let start = self.at;
        let mut depth = 0_usize;
        while let Some(token) = self.tokens.get(self.at) {
            match token.kind {
                TokenKind::Open => depth += 1,
                TokenKind::Close => depth = depth.saturating_sub(1),
                TokenKind::Comma if depth == 0 => break,
                _ if depth == 0 && ends.iter().any(|end| token.is_word(end)) => break,
                _ => {}
            }
            self.at += 1;
        }
        &self.tokens[start..self.at]
    }

    fn update(&mut self) -> Option<Moves> {
        self.words(&["update"])?;
        let table = self.name()?;
        self.words(&["set"])?;
        let mut pairs = Vec::new();
        loop {
            let piece = self.piece(&["where", "from", "returning", "order", "limit"]);
            if let [to, equals, from @ ..] = piece
                && equals.text == "="
                && let (Some(to), Some(from)) = (to.identifier(), column(from))
            {
                pairs.push((to.into(), from));
            }
            if self.take(TokenKind::Comma).is_none() {
                break;
            }
        }
        // of some rows only it moves nothing
        (self.at == self.tokens.len()).then_some(Moves::Assign(table, pairs))
    }
}

/// The name of a result, and its column.
fn result(piece: &[Token<'_>]) -> (Option<Name>, Option<Name>) {
    let (expr, alias) = match piece {
        [expr @ .., word, alias] if word.is_word("as") => (expr, alias.identifier()),
        [expr @ .., before, alias]
            if matches!(alias.kind, TokenKind::Word | TokenKind::QuotedName)
                && matches!(before.kind, TokenKind::Word | TokenKind::QuotedName | TokenKind::Close) =>
        {
            (&piece[..=expr.len()], alias.identifier())
        }
        _ => (piece, None),
    };
    (alias.map(Name::from), column(expr))
}

/// The column whose values an expression hands on: `a`, `t.a`, `coalesce(a, 0)` or `CAST(a AS INTEGER)`.
fn column(expr: &[Token<'_>]) -> Option<Name> {
    let is_name = |token: &Token<'_>| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName);
    match expr {
        [name] if is_name(name) => name.identifier().map(Name::from),
        [_, dot, name] if dot.kind == TokenKind::Dot => name.identifier().map(Name::from),
        [open, inner @ .., close] if open.kind == TokenKind::Open && close.kind == TokenKind::Close => column(inner),
        [function, open, name, comma, ..]
            if function.is_word("coalesce") && open.kind == TokenKind::Open && comma.kind == TokenKind::Comma =>
        {
            is_name(name).then(|| name.identifier().map(Name::from))?
        }
        [function, open, name, word, ..]
            if function.is_word("cast") && open.kind == TokenKind::Open && word.is_word("as") =>
        {
            is_name(name).then(|| name.identifier().map(Name::from))?
        }
        _ => None,
    }
}
