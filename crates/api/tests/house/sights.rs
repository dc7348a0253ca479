//! A screen that a test draws on.

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use api::{ApiError, ErrorCode, Sharable, SharedThing, Sharing, SightNews, Sights};
use engine::Image;

type News = Box<dyn FnMut(SightNews) + Send>;

/// A screen in one shade of grey.
#[derive(Default)]
pub struct Screen {
    shade: Arc<AtomicU8>,
    open: Arc<AtomicUsize>,
    news: Mutex<Option<News>>,
}

impl Screen {
    pub fn shows(&self, shade: u8) {
        self.shade.store(shade, Ordering::SeqCst);
    }

    /// Whoever shares it is told this.
    pub fn tells(&self, news: SightNews) {
        self.news.lock().unwrap().as_mut().unwrap()(news);
    }

    /// How often it is shared once everything that was to be closed is.
    pub async fn open(&self) -> usize {
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.open.load(Ordering::SeqCst)
    }
}

impl Sights for Screen {
    fn list(&self) -> Sharable {
        Sharable::default()
    }

    fn share(&self, what: &SharedThing, news: News) -> Result<Arc<dyn Sharing>, ApiError> {
        if matches!(what, SharedThing::Window { .. }) {
            return Err(ApiError::new(ErrorCode::NotFound, "This window is no longer there."));
        }
        *self.news.lock().unwrap() = Some(news);
        self.open.fetch_add(1, Ordering::SeqCst);
        Ok(Arc::new(Shared { shade: self.shade.clone(), open: self.open.clone() }))
    }
}

struct Shared {
    shade: Arc<AtomicU8>,
    open: Arc<AtomicUsize>,
}

impl Sharing for Shared {
    fn name(&self) -> String {
        "HDMI-1".into()
    }

    fn at(&self, _: Instant) -> Option<Image> {
        self.newest()
    }

    fn newest(&self) -> Option<Image> {
        Image::new(40, 30, vec![self.shade.load(Ordering::SeqCst); 40 * 30 * 3]).ok()
    }

    fn small(&self, _: u32) -> Result<Vec<u8>, ApiError> {
        Ok(vec![1])
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::SeqCst);
    }
}
