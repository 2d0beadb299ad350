//! The demo's blogs. In: `planet.toml`, bundled. Out: what each blog has published so far. Pure.

use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;

/// How a blog writes its feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Format {
    /// Atom 1.0.
    Atom,
    /// RSS 2.0.
    Rss,
    /// JSON Feed 1.1.
    Json,
}

/// A blog and what it has published.
#[derive(Clone, Debug, Deserialize)]
pub struct Blog {
    /// Its folder at the publisher.
    pub slug: String,
    /// Title.
    pub title: String,
    /// Who writes it.
    pub author: String,
    /// What it is about.
    pub about: String,
    /// How it writes its feed.
    pub format: Format,
    /// In order of publication, newest last.
    #[serde(rename = "entry")]
    pub posts: Vec<Post>,
}

/// One entry of a blog.
#[derive(Clone, Debug, Deserialize)]
pub struct Post {
    /// Counted from 1 within its blog.
    #[serde(skip)]
    pub number: usize,
    /// When it was published.
    #[serde(skip)]
    pub at: DateTime<Utc>,
    #[serde(default)]
    hours_ago: f64,
    /// Title.
    pub title: String,
    /// Tags.
    pub tags: Vec<String>,
    /// Content.
    pub html: String,
    /// Length of its sound file, where it has one.
    pub audio_seconds: Option<u32>,
}

#[derive(Deserialize)]
struct Upcoming {
    blog: String,
    #[serde(flatten)]
    post: Post,
}

#[derive(Deserialize)]
struct Document {
    blog: Vec<Blog>,
    upcoming: Vec<Upcoming>,
}

/// All blogs, and what they will publish next.
pub struct Planet {
    blogs: Vec<Blog>,
    upcoming: Vec<Upcoming>,
    published: usize,
}

impl Planet {
    /// The bundled planet as it stands at an instant.
    ///
    /// # Errors
    /// Never, as a test shows.
    pub fn bundled(now: DateTime<Utc>) -> Result<Self, toml::de::Error> {
        let Document { mut blog, upcoming } = toml::from_str(include_str!("planet.toml"))?;
        for blog in &mut blog {
            for post in &mut blog.posts {
                post.at = now - span_of(post.hours_ago);
            }
            blog.posts.sort_by_key(|post| post.at);
            for (number, post) in (1..).zip(&mut blog.posts) {
                post.number = number;
            }
        }
        Ok(Self {
            blogs: blog,
            upcoming,
            published: 0,
        })
    }

    /// The blogs.
    pub fn blogs(&self) -> &[Blog] {
        &self.blogs
    }

    /// A blog by its folder.
    pub fn blog(&self, slug: &str) -> Option<&Blog> {
        self.blogs.iter().find(|blog| blog.slug == slug)
    }

    /// Publishes the next upcoming entry; after the last it begins again, with new numbers in the titles.
    pub fn publish_next(&mut self, now: DateTime<Utc>) {
        let round = self.published / self.upcoming.len().max(1);
        let place = self.published % self.upcoming.len().max(1);
        self.published += 1;
        let Some(Upcoming { blog: slug, post }) = self.upcoming.get(place) else {
            return;
        };
        let Some(blog) = self.blogs.iter_mut().find(|blog| blog.slug == *slug) else {
            return;
        };
        let mut post = post.clone();
        post.number = blog.posts.len() + 1;
        post.at = now;
        if round > 0 {
            post.title = format!("{} ({})", post.title, round + 1);
        }
        blog.posts.push(post);
    }
}

fn span_of(hours: f64) -> Duration {
    let span = std::time::Duration::try_from_secs_f64(hours * 3600.0).unwrap_or_default();
    Duration::from_std(span).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planet() -> Planet {
        Planet::bundled(DateTime::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn the_bundled_planet_has_eight_blogs_in_three_formats_and_forty_entries() {
        let planet = planet();
        assert_eq!(planet.blogs().len(), 8);
        assert_eq!(
            planet
                .blogs()
                .iter()
                .map(|blog| blog.posts.len())
                .sum::<usize>(),
            40
        );
        for format in [Format::Atom, Format::Rss, Format::Json] {
            assert!(planet.blogs().iter().any(|blog| blog.format == format));
        }
    }

    #[test]
    fn every_upcoming_entry_finds_its_blog_and_the_rounds_have_new_titles() {
        let mut planet = planet();
        let rounds = 2 * planet.upcoming.len();
        for _ in 0..rounds {
            planet.publish_next(DateTime::UNIX_EPOCH);
        }
        assert_eq!(
            planet
                .blogs()
                .iter()
                .map(|blog| blog.posts.len())
                .sum::<usize>(),
            40 + rounds
        );
        let titles: Vec<&str> = planet
            .blog("packets")
            .unwrap()
            .posts
            .iter()
            .map(|post| post.title.as_str())
            .collect();
        assert!(titles.contains(&"Live: a packet just left (2)"));
    }
}
