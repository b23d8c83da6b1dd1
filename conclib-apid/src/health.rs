use hyper::{Request, Uri};

use crate::error::HealthUrlError;

const HTTP: &str = "http://";
const DEFAULT_PORT: u16 = 80;

/// Empty body of a GET.
pub(crate) type EmptyBody = http_body_util::Empty<&'static [u8]>;

/// A health URL as it may be shown: its query may hold a secret.
pub(crate) fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

/// Parsed health URL.
#[derive(Debug)]
pub(crate) struct HealthUrl {
    /// A name or an address; IPv6 without the brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Host and port as they were given.
    pub(crate) authority: String,
    path: Uri,
}

impl HealthUrl {
    pub(crate) fn parse(url: &str) -> Result<Self, HealthUrlError> {
        let malformed =
            |error: &dyn std::error::Error| HealthUrlError::Malformed(error.to_string());
        // This check comes first: the parser calls many URLs of other schemes
        // malformed.
        if !url
            .get(..HTTP.len())
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case(HTTP))
        {
            return Err(HealthUrlError::NotHttp);
        }
        let uri: Uri = url.parse().map_err(|error| malformed(&error))?;
        let authority = uri.authority().ok_or(HealthUrlError::NoHost)?;
        if authority.as_str().contains('@') {
            return Err(HealthUrlError::Credentials);
        }
        let host = authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']');
        if host.is_empty() {
            return Err(HealthUrlError::NoHost);
        }
        let port = match authority.as_str().rsplit_once(':') {
            Some((_, port)) if !port.ends_with(']') => {
                port.parse().map_err(|_| HealthUrlError::Port)?
            }
            _ => DEFAULT_PORT,
        };
        if port == 0 {
            return Err(HealthUrlError::Port);
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            host: host.into(),
            port,
            authority: authority.as_str().into(),
            path: path.parse().map_err(|error| malformed(&error))?,
        })
    }

    /// Builds a GET of this URL. The request does not ask the server to close
    /// the connection: the side that closes first keeps the port busy for a
    /// minute, and that must not be the server.
    pub(crate) fn request(&self) -> Result<Request<EmptyBody>, hyper::http::Error> {
        Request::get(self.path.clone())
            .header("host", &self.authority)
            .header("user-agent", "conclib-apid")
            .body(EmptyBody::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(url: &str) -> HealthUrlError {
        HealthUrl::parse(url).expect_err(url)
    }

    #[test]
    fn a_url_is_taken_apart() {
        let url = HealthUrl::parse("http://localhost:8000/healthz?deep=1").expect("valid");
        assert_eq!((url.host.as_str(), url.port), ("localhost", 8000));
        let request = url.request().expect("valid");
        assert_eq!(request.uri(), "/healthz?deep=1");
        assert_eq!(request.headers()["host"], "localhost:8000");
    }

    #[test]
    fn path_and_port_have_defaults() {
        let url = HealthUrl::parse("http://[::1]").expect("valid");
        assert_eq!((url.host.as_str(), url.port), ("::1", 80));
        assert_eq!(url.request().expect("valid").uri(), "/");
    }

    #[test]
    fn what_cannot_be_asked_is_refused() {
        assert_eq!(error("https://localhost/"), HealthUrlError::NotHttp);
        assert_eq!(error("unix:///run/app.sock"), HealthUrlError::NotHttp);
        assert_eq!(error("/healthz"), HealthUrlError::NotHttp);
        assert_eq!(error("localhost:8000"), HealthUrlError::NotHttp);
        assert_eq!(
            error("http://user:secret@localhost/"),
            HealthUrlError::Credentials
        );
        assert_eq!(error("http://localhost:0/"), HealthUrlError::Port);
        assert_eq!(error(""), HealthUrlError::NotHttp);
        assert_eq!(error("http:/ü"), HealthUrlError::NotHttp);
        assert!(matches!(error("http://ü/"), HealthUrlError::Malformed(_)));
        assert!(matches!(
            error("http://local host/"),
            HealthUrlError::Malformed(_)
        ));
        assert_eq!(error("http://localhost:99999/"), HealthUrlError::Port);
        assert_eq!(error("http://localhost:/"), HealthUrlError::Port);
        assert_eq!(error("http://[::1]:http/"), HealthUrlError::Port);
        assert_eq!(error("http://:80/"), HealthUrlError::NoHost);
        assert!(matches!(
            error("http:///healthz"),
            HealthUrlError::Malformed(_)
        ));
    }
}
