//! JSON documents, texts of a group, years, and SQL of the program's own.

use jiff::civil::{Date, DateTime, ISOWeekDate, Time, Weekday};
use jiff::tz::TimeZone;

use super::Compiler;
use super::syntax::sign;
use crate::query::{Custom, Expr, Function, Operator, Order, Part, Step};
use crate::{Error, Kind, Result, Value};

/// Texts of a group, to write as one.
#[derive(Debug)]
pub(crate) struct Joined<'a> {
    pub(crate) expr: &'a str,
    /// As a literal.
    pub(crate) separator: &'a str,
    pub(crate) distinct: bool,
    /// ` ORDER BY ..`, or nothing.
    pub(crate) order: &'a str,
}

impl Compiler {
    pub(super) fn json(
        &mut self,
        document: &Expr,
        path: &[Step],
        text: bool,
        sql: &mut String,
    ) -> Result<()> {
        let mut written = String::new();
        self.expr(document, &mut written)?;
        let syntax = self.syntax;
        syntax.json(&written, path, text, sql, &mut |value, sql| self.bind(value, sql));
        Ok(())
    }

    /// Whether two documents are the same, whatever the order of their keys and the spaces between.
    pub(super) fn json_equal(
        &mut self,
        left: &Expr,
        operator: Operator,
        right: &Expr,
        sql: &mut String,
    ) -> Result<()> {
        let (mut left_sql, mut right_sql) = (String::new(), String::new());
        self.expr(left, &mut left_sql)?;
        self.expr(right, &mut right_sql)?;
        let (left, right) = (self.syntax.same_json(left_sql), self.syntax.same_json(right_sql));
        sql.push_str(&format!("({left} {} {right})", sign(operator)));
        Ok(())
    }

    pub(super) fn string_agg(
        &mut self,
        expr: &Expr,
        separator: &str,
        distinct: bool,
        filter: Option<&Expr>,
        order: &[Order],
        sql: &mut String,
    ) -> Result<()> {
        let mut text = String::new();
        match filter {
            Some(filter) => {
                text.push_str("CASE WHEN ");
                self.expr(filter, &mut text)?;
                text.push_str(" THEN ");
                self.expr(expr, &mut text)?;
                text.push_str(" END");
            }
            None => self.expr(expr, &mut text)?,
        }
        let mut ordered = String::new();
        self.order(order, &mut ordered)?;
        let joined = Joined {
            expr: &text,
            separator: &super::literal::quoted(separator),
            distinct,
            order: &ordered,
        };
        self.syntax.string_agg(&joined, sql);
        Ok(())
    }

    pub(super) fn custom(&mut self, custom: &Custom, args: &[Expr], sql: &mut String) -> Result<()> {
        let mut written = Vec::with_capacity(args.len());
        for arg in args {
            let mut text = String::new();
            self.expr(arg, &mut text)?;
            written.push(text);
        }
        let args: Vec<_> = written.iter().map(String::as_str).collect();
        match (custom.write)(self.syntax.dialect(), &args) {
            Some(text) => {
                sql.push('(');
                sql.push_str(&text);
                sql.push(')');
                Ok(())
            }
            None => Err(Error::configuration(format!(
                "{} is not known on {}: the function that writes its SQL gives `None` there",
                custom.name,
                self.syntax.dialect()
            ))),
        }
    }

    /// A comparison of a year with a number, as one of the date with the first days of years: an index serves that.
    pub(super) fn year_as_range(&self, left: &Expr, operator: Operator, right: &Expr) -> Option<Expr> {
        let Expr::Function(Function::Extract(part @ (Part::Year | Part::IsoYear)), args) = left else {
            return None;
        };
        let (Expr::Value(Value::Int(year)), [date]) = (right, args.as_slice()) else {
            return None;
        };
        let kind = self.typing(date).kind?;
        let start = |year: i32| {
            let year = i16::try_from(year).ok()?;
            let first = match part {
                Part::IsoYear => ISOWeekDate::new(year, 1, Weekday::Monday).ok()?.date(),
                _ => Date::new(year, 1, 1).ok()?,
            };
            // Text of five digits would not be ordered.
            if !(1..=9999).contains(&first.year()) {
                return None;
            }
            let civil = DateTime::from_parts(first, Time::midnight());
            Some(Expr::Value(match kind {
                Kind::Date => Value::Date(first),
                Kind::DateTime => Value::DateTime(civil),
                Kind::Timestamp => Value::Timestamp(TimeZone::UTC.to_timestamp(civil).ok()?),
                _ => return None,
            }))
        };
        let compare = |operator, year| {
            let side = Box::new(date.clone());
            Some(Expr::Binary(side, operator, Box::new(start(year)?)))
        };
        let next = year.checked_add(1)?;
        match operator {
            Operator::Eq => Some(Expr::And(vec![
                compare(Operator::Ge, *year)?,
                compare(Operator::Lt, next)?,
            ])),
            Operator::Ne => Some(Expr::Or(vec![
                compare(Operator::Lt, *year)?,
                compare(Operator::Ge, next)?,
            ])),
            Operator::Lt => compare(Operator::Lt, *year),
            Operator::Le => compare(Operator::Lt, next),
            Operator::Gt => compare(Operator::Ge, next),
            Operator::Ge => compare(Operator::Ge, *year),
            _ => None,
        }
    }
}
