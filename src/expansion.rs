//! What the derives leave to macros of this crate: everything that depends on the feature `rows`. Only this crate
//! knows whether it is on; the derives are compiled once for all crates that depend on them.

/// What the derives expand to for the feature `rows`, which only this crate knows to be on.
#[cfg(feature = "rows")]
#[doc(hidden)]
#[macro_export]
macro_rules! __dbmigrate_with_rows {
    ($($items:tt)*) => { $($items)* };
}

/// What the derives expand to for the feature `rows`, which only this crate knows to be off.
#[cfg(not(feature = "rows"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __dbmigrate_with_rows {
    ($($items:tt)*) => {};
}

/// Rows as a struct, and a struct as parameters: of its generics, its type, its own bounds, the types of its fields,
/// its fields with their places, and those that are written.
#[cfg(feature = "rows")]
#[doc(hidden)]
#[macro_export]
macro_rules! __dbmigrate_rows {
    (
        [$($generics:tt)*] [$row:ty] [$($own:tt)*] [$($ty:ty, $from:tt $to:tt;)*]
        [$($field:ident $at:literal)*] $([$($written:ident)*])?
    ) => {
        const _: () = {
            use $crate::__private::{FromValue as __FromValue, ToValue as __ToValue};

            #[automatically_derived]
            impl $($generics)* $crate::FromRow for $row where $($own)* $(for<'__value> $ty: $from,)* {
                fn read(_row: &$crate::__private::Reader<'_>) -> ::core::result::Result<Self, $crate::RowError> {
                    ::core::result::Result::Ok(Self { $($field: _row.get($at)?),* })
                }
            }
            $crate::__dbmigrate_params! {
                [$($generics)*] [$row] [$($own)*] [$($ty, $to;)*] $([$($written)*])?
            }
        };
    };
}

#[cfg(feature = "rows")]
#[doc(hidden)]
#[macro_export]
macro_rules! __dbmigrate_params {
    ([$($generics:tt)*] [$row:ty] [$($own:tt)*] [$($ty:ty, $to:tt;)*] [$($written:ident)*]) => {
        #[automatically_derived]
        impl $($generics)* $crate::ToParams for $row where $($own)* $(for<'__value> $ty: $to,)* {
            fn write(&self, writer: &mut $crate::__private::Writer) -> ::core::result::Result<(), $crate::RowError> {
                writer.all(&[$(&self.$written),*])
            }
        }
    };
    // a view has none
    ($($other:tt)*) => {};
}

/// Nothing, without the feature.
#[cfg(not(feature = "rows"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __dbmigrate_rows {
    ($($items:tt)*) => {};
}
