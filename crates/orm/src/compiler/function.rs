//! Functions, conditions as values and casts: what is common to the dialects, and the types of the results.

use super::expression::Typing;
use super::{Compiler, quote};
use crate::query::{Expr, Function, Part};
use crate::{Kind, Result, Value};

/// A function to write, whose arguments are written already.
#[derive(Debug)]
pub(crate) struct Called<'a> {
    pub(crate) function: Function,
    pub(crate) args: &'a [String],
    /// The type of the first argument, as far as it is known.
    pub(crate) kind: Option<Kind>,
    /// The types of all arguments.
    pub(crate) kinds: &'a [Option<Kind>],
}

impl Called<'_> {
    /// An argument's SQL.
    pub(super) fn arg(&self, index: usize) -> &str {
        self.args.get(index).map_or("NULL", String::as_str)
    }

    /// The arguments as JSON builds take them, where a boolean is a number, and JSON is text: `as_json` makes JSON of text.
    pub(super) fn json_args(&self, as_json: impl Fn(&str) -> String) -> String {
        let args = self.args.iter().zip(self.kinds).map(|(arg, kind)| match kind {
            Some(Kind::Bool) => as_json(&format!(
                "CASE WHEN {arg} THEN 'true' WHEN NOT {arg} THEN 'false' ELSE 'null' END"
            )),
            Some(Kind::Json) => as_json(&format!("COALESCE({arg}, 'null')")),
            _ => arg.clone(),
        });
        args.collect::<Vec<_>>().join(", ")
    }

    /// `NAME(a, b)`.
    pub(super) fn plain(&self, name: &str) -> String {
        format!("{name}({})", self.args.join(", "))
    }

    /// `name(a, b)`, and NULL where an argument is.
    pub(super) fn unless_null(&self, call: &str) -> String {
        let null: Vec<_> = self.args.iter().map(|arg| format!("{arg} IS NULL")).collect();
        format!("CASE WHEN {} THEN NULL ELSE {call} END", null.join(" OR "))
    }

    /// The sign, by comparisons.
    pub(super) fn sign(&self) -> String {
        let number = self.arg(0);
        format!("CASE WHEN {number} > 0 THEN 1 WHEN {number} < 0 THEN -1 WHEN {number} = 0 THEN 0 END")
    }
}

/// The common name of a function that has one.
pub(super) fn name(function: Function) -> Option<&'static str> {
    Some(match function {
        Function::Lower => "LOWER",
        Function::Upper => "UPPER",
        Function::Length => "LENGTH",
        Function::Trim => "TRIM",
        Function::LTrim => "LTRIM",
        Function::RTrim => "RTRIM",
        Function::Left => "LEFT",
        Function::Right => "RIGHT",
        Function::Substr => "SUBSTR",
        Function::Replace => "REPLACE",
        Function::Repeat => "REPEAT",
        Function::Reverse => "REVERSE",
        Function::LPad => "LPAD",
        Function::RPad => "RPAD",
        Function::Abs => "ABS",
        Function::Ceil => "CEIL",
        Function::Floor => "FLOOR",
        Function::Round => "ROUND",
        Function::Power => "POWER",
        Function::Sqrt => "SQRT",
        Function::Exp => "EXP",
        Function::Ln => "LN",
        Function::Sin => "SIN",
        Function::Cos => "COS",
        Function::Tan => "TAN",
        Function::ASin => "ASIN",
        Function::ACos => "ACOS",
        Function::ATan => "ATAN",
        Function::Degrees => "DEGREES",
        Function::Radians => "RADIANS",
        Function::Coalesce => "COALESCE",
        Function::NullIf => "NULLIF",
        Function::Greatest => "GREATEST",
        Function::Least => "LEAST",
        Function::Md5 => "MD5",
        Function::Cot => "COT",
        Function::ATan2 => "ATAN2",
        Function::Log => "LOG",
        _ => return None,
    })
}

/// The name of a part, as `date_trunc` and `EXTRACT` have it.
pub(super) fn part_name(part: Part) -> &'static str {
    match part {
        Part::Year => "year",
        Part::IsoYear => "isoyear",
        Part::Quarter => "quarter",
        Part::Month => "month",
        Part::Week => "week",
        Part::Day => "day",
        Part::WeekDay => "dow",
        Part::IsoWeekDay => "isodow",
        Part::Hour => "hour",
        Part::Minute => "minute",
        Part::Second => "second",
    }
}

impl Compiler {
    pub(super) fn function(&mut self, function: Function, args: &[Expr], sql: &mut String) -> Result<()> {
        if let (Function::Collate, [text, Expr::Value(Value::Text(collation))]) = (function, args) {
            sql.push('(');
            self.expr(text, sql)?;
            sql.push_str(" COLLATE ");
            quote(collation, sql);
            sql.push(')');
            return Ok(());
        }
        let kinds: Vec<_> = args.iter().map(|arg| self.typing(arg).kind).collect();
        let kind = kinds.first().copied().flatten();
        let mut written = Vec::with_capacity(args.len());
        for arg in args {
            let mut text = String::new();
            self.expr(arg, &mut text)?;
            written.push(text);
        }
        let called = Called {
            function,
            args: &written,
            kind,
            kinds: &kinds,
        };
        sql.push_str(&self.syntax.function(&called));
        Ok(())
    }

    pub(super) fn case(
        &mut self,
        whens: &[(Expr, Expr)],
        otherwise: Option<&Expr>,
        sql: &mut String,
    ) -> Result<()> {
        sql.push_str("CASE");
        for (condition, value) in whens {
            sql.push_str(" WHEN ");
            self.expr(condition, sql)?;
            sql.push_str(" THEN ");
            self.expr(value, sql)?;
        }
        if let Some(value) = otherwise {
            sql.push_str(" ELSE ");
            self.expr(value, sql)?;
        }
        sql.push_str(" END");
        Ok(())
    }

    pub(super) fn function_typing(&self, function: Function, args: &[Expr]) -> Typing {
        let args: Vec<_> = args.iter().map(|arg| self.typing(arg)).collect();
        let first = args.first().copied();
        let any_nullable = args.iter().any(|arg| arg.nullable);
        let (kind, places, nullable) = match function {
            Function::Length
            | Function::StrIndex
            | Function::Sign
            | Function::Ord
            | Function::Extract(_)
            | Function::Round
            | Function::Ceil
            | Function::Floor
            | Function::Abs
            | Function::Mod
            | Function::Trunc(_) => {
                let kind = match function {
                    Function::Length | Function::StrIndex => Some(Kind::BigInt),
                    Function::Ord | Function::Sign | Function::Extract(_) => Some(Kind::Int),
                    _ => first.and_then(|first| first.kind),
                };
                let places = match function {
                    Function::Abs => first.and_then(|first| first.places),
                    _ => None,
                };
                (kind, places, any_nullable)
            }
            Function::Power
            | Function::Sqrt
            | Function::Exp
            | Function::Ln
            | Function::Sin
            | Function::Cos
            | Function::Tan
            | Function::ASin
            | Function::ACos
            | Function::ATan
            | Function::Degrees
            | Function::Radians
            | Function::Cot
            | Function::ATan2
            | Function::Log
            | Function::Random => (Some(Kind::Float), None, true),
            Function::Now => (Some(Kind::Timestamp), None, false),
            Function::Uuid4 | Function::Uuid7 => (Some(Kind::Uuid), None, false),
            Function::JsonObject | Function::JsonArray => (Some(Kind::Json), None, false),
            Function::JsonContains => (Some(Kind::Bool), None, any_nullable),
            Function::Date => (Some(Kind::Date), None, any_nullable),
            Function::Time => (Some(Kind::Time), None, any_nullable),
            Function::Concat => (Some(Kind::Text), None, false),
            Function::Coalesce => {
                let places = args.iter().map(|arg| arg.places).max().flatten();
                (
                    first.and_then(|first| first.kind),
                    places,
                    args.iter().all(|arg| arg.nullable),
                )
            }
            Function::NullIf => (
                first.and_then(|first| first.kind),
                first.and_then(|first| first.places),
                true,
            ),
            Function::Greatest | Function::Least => {
                let places = args.iter().map(|arg| arg.places).max().flatten();
                (first.and_then(|first| first.kind), places, any_nullable)
            }
            _ => (Some(Kind::Text), None, any_nullable),
        };
        Typing {
            kind,
            places,
            nullable,
        }
    }

    pub(super) fn case_typing(&self, whens: &[(Expr, Expr)], otherwise: Option<&Expr>) -> Typing {
        let values = whens.iter().map(|(_, value)| value).chain(otherwise);
        let typings: Vec<_> = values.map(|value| self.typing(value)).collect();
        Typing {
            kind: typings.iter().find_map(|typing| typing.kind),
            places: typings.iter().filter_map(|typing| typing.places).max(),
            nullable: otherwise.is_none() || typings.iter().any(|typing| typing.nullable),
        }
    }
}
