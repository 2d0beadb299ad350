//! A chain of redirects. In: each answer's status and `Location`. Out: the next URL, or why not. Pure.
//! Must not know: how requests are made. What may be reached at all is the guard's to say.

use std::collections::HashSet;

use entity::PollErrorKind;
use url::Url;

use super::outcome::Failure;

/// Where a fetch has been and where it is.
#[derive(Clone, Debug)]
pub struct Chain {
    current: Url,
    seen: HashSet<Url>,
    permanent: Option<Url>,
    unbroken: bool,
}

impl Chain {
    /// A chain that has not moved yet.
    #[must_use]
    pub fn new(start: Url) -> Self {
        Self {
            seen: HashSet::from([start.clone()]),
            current: start,
            permanent: None,
            unbroken: true,
        }
    }

    /// The URL to ask now.
    #[must_use]
    pub const fn current(&self) -> &Url {
        &self.current
    }

    /// Where the permanent redirects at the chain's beginning lead (RFC 9110, sections 15.4.2 and 15.4.9).
    #[must_use]
    pub const fn permanent(&self) -> Option<&Url> {
        self.permanent.as_ref()
    }

    /// Whether no redirect was followed.
    #[must_use]
    pub fn is_at_start(&self) -> bool {
        self.seen.len() == 1
    }

    /// Goes where a redirect points.
    ///
    /// # Errors
    /// When there is no readable target, it was visited before, leaves https, or `limit` is reached.
    pub fn follow(
        &mut self,
        status: u16,
        location: Option<&str>,
        limit: usize,
    ) -> Result<(), Failure> {
        let location = location.ok_or_else(|| refused("a redirect does not say where to"))?;
        let mut target = self
            .current
            .join(location)
            .map_err(|_| refused("a redirect points to something that is no URL"))?;
        target.set_fragment(None);
        if self.current.scheme() == "https" && target.scheme() == "http" {
            return Err(refused("a redirect leads from https to http"));
        }
        if self.seen.len() > limit {
            return Err(refused(&format!("more than {limit} redirects")));
        }
        if !self.seen.insert(target.clone()) {
            return Err(refused("the redirects go round in a circle"));
        }
        self.unbroken &= matches!(status, 301 | 308);
        if self.unbroken {
            self.permanent = Some(target.clone());
        }
        self.current = target;
        Ok(())
    }
}

fn refused(message: &str) -> Failure {
    Failure {
        kind: PollErrorKind::Redirect,
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Follows `hops` from `https://a.example/feed`: where it ends and the permanent part, or the refusal.
    fn walk(hops: &[(u16, &str)]) -> Result<(String, Option<String>), String> {
        let mut chain = Chain::new(Url::parse("https://a.example/feed").unwrap());
        for (status, location) in hops {
            chain
                .follow(*status, Some(location), 3)
                .map_err(|failure| failure.message)?;
        }
        let permanent = chain.permanent().map(ToString::to_string);
        Ok((chain.current().to_string(), permanent))
    }

    #[test]
    fn permanent_redirects_count_until_the_first_that_is_not() {
        assert_eq!(
            walk(&[(301, "/b"), (308, "https://c.example/"), (302, "d")]),
            Ok((
                "https://c.example/d".to_owned(),
                Some("https://c.example/".to_owned())
            ))
        );
        assert_eq!(
            walk(&[(302, "/b"), (301, "/c")]),
            Ok(("https://a.example/c".to_owned(), None))
        );
    }

    #[test]
    fn circles_downgrades_and_long_chains_are_refused() {
        assert_eq!(
            walk(&[(301, "/b"), (301, "/feed#x")]),
            Err("the redirects go round in a circle".to_owned())
        );
        assert_eq!(
            walk(&[(301, "http://a.example/")]),
            Err("a redirect leads from https to http".to_owned())
        );
        assert_eq!(
            walk(&[(302, "/1"), (302, "/2"), (302, "/3"), (302, "/4")]),
            Err("more than 3 redirects".to_owned())
        );
    }

    #[test]
    fn a_redirect_must_say_where_to() {
        let mut chain = Chain::new(Url::parse("https://a.example/").unwrap());
        assert!(chain.follow(301, None, 3).is_err());
        assert!(chain.follow(301, Some("https://["), 3).is_err());
    }
}
