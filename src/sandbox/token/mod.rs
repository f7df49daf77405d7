//! Sign-in to the embedded tenant: issues access tokens and checks them.

mod assertion;
mod bearer;
mod device;
mod discovery;
mod grant;
mod issuer;
mod older;
mod people;
mod refusal;
mod signature;
#[cfg(test)]
mod tests;

pub use grant::Asked;
pub use issuer::{Issuer, USER_LOGIN};
pub use older::with_basic;
