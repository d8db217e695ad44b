//! What a query selects besides records: columns, expressions, and tuples of these.

use crate::Result;
use crate::column::Column;
use crate::condition::Condition;
use crate::expression::Expression;
use crate::field_type::ColumnType;
use crate::model::Reader;
use crate::path::ToOnePath;
use crate::query::Expr;
use crate::tuples::for_tuples;

/// What can be selected in a query of `S`: a column, an [`Expression`], or a tuple of these.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be selected in a query of `{S}`",
    label = "not something that a query of `{S}` selects",
    note = "select columns of the queried model, or what is computed of them, or a tuple: `.values(|b| (b.title, b.author.name))`",
    note = "a window function is a value when it has its window: `rank().over(Window::new().order_by(b.stock.desc()))`"
)]
pub trait Selection<S>: 'static {
    /// What each row becomes, as a tuple.
    type Tuple: Send + 'static;
    /// What each row becomes: a value, if one thing is selected alone.
    type Row: Send + 'static;
    /// The same as columns of a query around this one, whose scope is `T`.
    type Outputs<T: 'static>;

    /// Appends what is selected.
    #[doc(hidden)]
    fn push_to(&self, out: &mut Vec<Expr>);

    /// Reads a row.
    #[doc(hidden)]
    fn decode(reader: &mut Reader<'_>) -> Result<Self::Tuple>;

    /// The tuple as a row.
    #[doc(hidden)]
    fn row(tuple: Self::Tuple) -> Self::Row;

    /// The columns of a query around this one, from a position on.
    #[doc(hidden)]
    fn outputs<T: 'static>(next: &mut usize) -> Self::Outputs<T>;
}

fn output<T, C: ColumnType>(next: &mut usize) -> Expression<T, C> {
    let index = *next;
    *next += 1;
    Expression::computed(Expr::Output(index), C::NULLABLE)
}

impl<P: ToOnePath, C: ColumnType> Selection<P::Root> for Column<P, C> {
    type Tuple = (P::Out<C>,);
    type Row = P::Out<C>;
    type Outputs<T: 'static> = Expression<T, P::Out<C>>;

    fn push_to(&self, out: &mut Vec<Expr>) {
        out.push(self.located().expr());
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self::Tuple> {
        Ok((reader.next()?,))
    }

    fn row((value,): Self::Tuple) -> Self::Row {
        value
    }

    fn outputs<T: 'static>(next: &mut usize) -> Self::Outputs<T> {
        output(next)
    }
}

#[diagnostic::do_not_recommend]
impl<S: 'static, C: ColumnType> Selection<S> for Expression<S, C> {
    type Tuple = (C,);
    type Row = C;
    type Outputs<T: 'static> = Expression<T, C>;

    fn push_to(&self, out: &mut Vec<Expr>) {
        out.push(self.expr.clone());
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self::Tuple> {
        Ok((reader.next()?,))
    }

    fn row((value,): Self::Tuple) -> Self::Row {
        value
    }

    fn outputs<T: 'static>(next: &mut usize) -> Self::Outputs<T> {
        output(next)
    }
}

/// A condition as a value: where a NULL makes it unknown, it is false.
#[diagnostic::do_not_recommend]
impl<S: 'static> Selection<S> for Condition<S> {
    type Tuple = (bool,);
    type Row = bool;
    type Outputs<T: 'static> = Expression<T, bool>;

    fn push_to(&self, out: &mut Vec<Expr>) {
        out.push(self.clone().value().expr);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self::Tuple> {
        Ok((reader.next()?,))
    }

    fn row((value,): Self::Tuple) -> Self::Row {
        value
    }

    fn outputs<T: 'static>(next: &mut usize) -> Self::Outputs<T> {
        output(next)
    }
}

macro_rules! tuple {
    ($($part:ident)+) => {
        #[diagnostic::do_not_recommend]
        impl<S: 'static, $($part: Selection<S>),+> Selection<S> for ($($part,)+) {
            type Tuple = ($($part::Row,)+);
            type Row = ($($part::Row,)+);
            type Outputs<T: 'static> = ($($part::Outputs<T>,)+);

            fn push_to(&self, out: &mut Vec<Expr>) {
                #[expect(non_snake_case, reason = "the type parameters name the variables too")]
                let ($($part,)+) = self;
                $($part.push_to(out);)+
            }

            fn decode(reader: &mut Reader<'_>) -> Result<Self::Tuple> {
                Ok(($($part::row($part::decode(reader)?),)+))
            }

            fn row(tuple: Self::Tuple) -> Self::Row {
                tuple
            }

            fn outputs<T: 'static>(next: &mut usize) -> Self::Outputs<T> {
                ($($part::outputs(next),)+)
            }
        }
    };
}

for_tuples!(tuple);

/// Two tuples as one: a row of an annotated query is the record or the values, and then the annotations.
#[diagnostic::on_unimplemented(
    message = "a row can't have so many values",
    note = "up to 6 values and 4 annotations fit"
)]
pub trait Concat<Other> {
    /// All of them.
    type Out: Send + 'static;

    /// Makes one of the two.
    #[doc(hidden)]
    fn concat(self, other: Other) -> Self::Out;
}

macro_rules! concat_with {
    ([$($left:ident)+]) => {
        concat_with!([$($left)+] [X]);
        concat_with!([$($left)+] [X Y]);
        concat_with!([$($left)+] [X Y Z]);
        concat_with!([$($left)+] [X Y Z W]);
    };
    ([$($left:ident)+] [$($right:ident)+]) => {
        impl<$($left: Send + 'static,)+ $($right: Send + 'static),+> Concat<($($right,)+)> for ($($left,)+) {
            type Out = ($($left,)+ $($right,)+);

            #[expect(non_snake_case, reason = "the type parameters name the variables too")]
            fn concat(self, ($($right,)+): ($($right,)+)) -> Self::Out {
                let ($($left,)+) = self;
                ($($left,)+ $($right,)+)
            }
        }
    };
}

concat_with!([A]);
concat_with!([A B]);
concat_with!([A B C]);
concat_with!([A B C D]);
concat_with!([A B C D E]);
concat_with!([A B C D E F]);
