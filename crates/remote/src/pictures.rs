//! Pictures as servers take them: data URLs in a message's content.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::{ChatMessage, EngineError, GenerateRequest, Image, ImageId, ImagePixels, JobError, Role};
use serde_json::{Value, json};

/// The pictures of a request, ready to be sent.
#[derive(Debug, Default)]
pub(crate) struct Pictures(HashMap<ImageId, String>);

impl Pictures {
    /// Those of `request`: their own files where there are any, PNG otherwise.
    ///
    /// # Errors
    /// A sentence: one cannot be read any more.
    pub(crate) async fn of(request: &GenerateRequest) -> Result<Self, EngineError> {
        let images: Vec<Image> = request.messages.iter().flat_map(ChatMessage::images).cloned().collect();
        if images.is_empty() {
            return Ok(Self::default());
        }
        // A source may read a disk, and a large picture takes a while.
        let encoded = tokio::task::spawn_blocking(move || {
            images.iter().map(|image| Ok((image.id(), data_url(image)?))).collect::<Result<_, String>>()
        });
        let unreadable = || "A picture can no longer be read. Attach it again.".to_owned();
        let encoded = encoded.await.unwrap_or_else(|_| Err(unreadable()));
        encoded.map(Self).map_err(|reason| JobError::BadRequest { reason }.into())
    }

    /// A message, with its pictures before its words.
    pub(crate) fn message(&self, message: &ChatMessage) -> Value {
        let role = match message.role {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        if message.media.is_empty() {
            return json!({"role": role, "content": message.text});
        }
        let urls = message.images().filter_map(|image| self.0.get(&image.id()));
        let mut content: Vec<Value> =
            urls.map(|url| json!({"type": "image_url", "image_url": {"url": url}})).collect();
        if !message.text.is_empty() {
            content.push(json!({"type": "text", "text": message.text}));
        }
        json!({"role": role, "content": content})
    }
}

fn data_url(image: &Image) -> Result<String, String> {
    let (media_type, bytes) = match image.file() {
        Some(file) => (file.media_type, file.bytes.to_vec()),
        None => ("image/png".to_owned(), png(&image.pixels()?).map_err(|error| error.to_string())?),
    };
    Ok(format!("data:{media_type};base64,{}", STANDARD.encode(bytes)))
}

fn png(pixels: &ImagePixels) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, pixels.width, pixels.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels.rgb)?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use engine::{ImageFile, ImageSource, Media};

    use super::*;

    struct File;

    impl ImageSource for File {
        fn rgb(&self) -> Result<Arc<[u8]>, String> {
            Err("nobody should ask".into())
        }

        fn file(&self) -> Option<ImageFile> {
            Some(ImageFile { media_type: "image/jpeg".into(), bytes: Arc::from(*b"abc") })
        }
    }

    #[test]
    fn a_file_is_sent_as_it_is() {
        let id = Image::new(1, 1, vec![0; 3]).unwrap().id();
        let image = Image::kept(id, 1, 1, Arc::new(File)).unwrap();
        assert_eq!(data_url(&image).unwrap(), "data:image/jpeg;base64,YWJj");
    }

    #[test]
    fn pixels_are_sent_as_png_with_nothing_lost() {
        let rgb: Vec<u8> = (0..60).collect();
        let url = data_url(&Image::new(5, 4, rgb.clone()).unwrap()).unwrap();
        let bytes = STANDARD.decode(url.strip_prefix("data:image/png;base64,").unwrap()).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut decoded = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut decoded).unwrap();
        assert_eq!((info.width, info.height, decoded), (5, 4, rgb));
    }

    #[tokio::test]
    async fn pictures_stand_before_the_words() {
        let image = Image::new(1, 1, vec![0; 3]).unwrap();
        let media = vec![Media::Image(image)];
        let asked = ChatMessage { role: Role::User, text: "What?".into(), media };
        let request = GenerateRequest { messages: vec![asked], ..crate::request::tests::request() };
        let message = Pictures::of(&request).await.unwrap().message(&request.messages[0]);
        assert_eq!(message["content"][0]["type"], "image_url");
        assert!(message["content"][0]["image_url"]["url"].as_str().unwrap().starts_with("data:image/png;"));
        assert_eq!(message["content"][1], json!({"type": "text", "text": "What?"}));
        let words = ChatMessage::new(Role::Assistant, "A dot.");
        assert_eq!(Pictures::default().message(&words), json!({"role": "assistant", "content": "A dot."}));
    }
}
