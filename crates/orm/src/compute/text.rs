//! Functions of texts.

use super::{Base, Compute, With, count, of};
use crate::expression::{Expression, Operand};
use crate::field_type::FieldType;
use crate::query::{Expr, Function};

/// What a database computes of texts.
pub trait TextFunctions: Compute {
    /// The text in lower case.
    fn lower(self) -> Expression<Self::Scope, With<Self, String>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(self, Function::Lower, [])
    }

    /// The text in upper case.
    fn upper(self) -> Expression<Self::Scope, With<Self, String>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(self, Function::Upper, [])
    }

    /// How many characters the text has.
    fn length(self) -> Expression<Self::Scope, With<Self, i64>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(self, Function::Length, [])
    }

    /// The text without the spaces around it.
    fn trimmed(self) -> Expression<Self::Scope, With<Self, String>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(self, Function::Trim, [])
    }

    /// The text without the spaces before it.
    fn trimmed_start(self) -> Expression<Self::Scope, With<Self, String>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(self, Function::LTrim, [])
    }

    /// The text without the spaces behind it.
    fn trimmed_end(self) -> Expression<Self::Scope, With<Self, String>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(self, Function::RTrim, [])
    }

    /// The first characters of the text.
    fn left(self, characters: u32) -> Expression<Self::Scope, With<Self, String>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(self, Function::Left, [count(characters)])
    }

    /// The last characters of the text.
    fn right(self, characters: u32) -> Expression<Self::Scope, With<Self, String>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(self, Function::Right, [count(characters)])
    }

    /// So many characters of the text, from a position on. The first position is 1.
    fn substr(self, position: u32, characters: u32) -> Expression<Self::Scope, With<Self, String>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(
            self,
            Function::Substr,
            [count(position.max(1)), count(characters)],
        )
    }

    /// The text with one text in place of another, everywhere.
    fn replace(
        self,
        old: impl Operand<Self::Scope, String>,
        new: impl Operand<Self::Scope, String>,
    ) -> Expression<Self::Scope, With<Self, String>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(self, Function::Replace, [old.into_operand(), new.into_operand()])
    }

    /// The text and another one behind it. NULL is the empty text here.
    fn concat(self, other: impl Operand<Self::Scope, String>) -> Expression<Self::Scope, String>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        let args = match self.expression().expr {
            Expr::Function(Function::Concat, mut args) => {
                args.push(other.into_operand());
                args
            }
            first => vec![first, other.into_operand()],
        };
        Expression::new(Expr::Function(Function::Concat, args))
    }

    /// The text so many times.
    fn repeat(self, times: u32) -> Expression<Self::Scope, With<Self, String>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(self, Function::Repeat, [count(times)])
    }

    /// The text from its end to its start.
    fn reversed(self) -> Expression<Self::Scope, With<Self, String>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(self, Function::Reverse, [])
    }

    /// The text made so long by characters before it; a longer one is cut.
    fn lpad(self, characters: u32, fill: &str) -> Expression<Self::Scope, With<Self, String>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(
            self,
            Function::LPad,
            [count(characters), Expr::Value(fill.into())],
        )
    }

    /// The text made so long by characters behind it; a longer one is cut.
    fn rpad(self, characters: u32, fill: &str) -> Expression<Self::Scope, With<Self, String>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(
            self,
            Function::RPad,
            [count(characters), Expr::Value(fill.into())],
        )
    }

    /// Where another text starts in it, counted from 1; 0 where it is not in it.
    fn str_index(self, text: impl Operand<Self::Scope, String>) -> Expression<Self::Scope, With<Self, i64>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(self, Function::StrIndex, [text.into_operand()])
    }
}

impl<E: Compute> TextFunctions for E {}
