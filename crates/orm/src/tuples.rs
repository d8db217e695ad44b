//! What holds for tuples of any length up to eight.

/// Calls a macro with the type parameters of each tuple.
macro_rules! for_tuples {
    ($callback:ident) => {
        $callback! { A }
        $callback! { A B }
        $callback! { A B C }
        $callback! { A B C D }
        $callback! { A B C D E }
        $callback! { A B C D E F }
        $callback! { A B C D E F G }
        $callback! { A B C D E F G H }
    };
}

/// Implements a trait for tuples of what implements it: each part appends to the same list, by `push_to`.
macro_rules! pushed_in_tuples {
    ($trait:ident, $out:ty, $d:tt) => {
        macro_rules! tuple {
            ($d($d part:ident)+) => {
                #[diagnostic::do_not_recommend]
                impl<S, $d($d part: $trait<S>),+> $trait<S> for ($d($d part,)+) {
                    fn push_to(self, out: &mut Vec<$out>) {
                        #[expect(non_snake_case, reason = "the type parameters name the variables too")]
                        let ($d($d part,)+) = self;
                        $d($d part.push_to(out);)+
                    }
                }
            };
        }
        crate::tuples::for_tuples!(tuple);
    };
}

pub(crate) use {for_tuples, pushed_in_tuples};
