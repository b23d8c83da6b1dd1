//! Answers of the server.

use std::collections::VecDeque;

use bytes::Bytes;
use fred::types::Value;

use crate::error::RedisError;

/// Answer of the server.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    Nothing,
    Integer(i64),
    Bytes(Bytes),
    List(VecDeque<Answer>),
}

/// Elements of an answer, taken one after the other.
pub(crate) struct Fields(VecDeque<Answer>);

impl Answer {
    pub(crate) fn into_list(self) -> Result<Fields, RedisError> {
        match self {
            Self::List(list) => Ok(Fields(list)),
            other => Err(unexpected(&other)),
        }
    }

    pub(crate) fn into_number(self) -> Result<u64, RedisError> {
        match &self {
            Self::Integer(number) => u64::try_from(*number).map_err(|_| unexpected(&self)),
            Self::Bytes(text) => {
                let number = std::str::from_utf8(text)
                    .ok()
                    .and_then(|text| text.parse().ok());
                number.ok_or_else(|| unexpected(&self))
            }
            _ => Err(unexpected(&self)),
        }
    }
}

impl<const N: usize> From<[Answer; N]> for Fields {
    fn from(answers: [Answer; N]) -> Self {
        Self(answers.into())
    }
}

impl Fields {
    pub(crate) fn next(&mut self) -> Option<Answer> {
        self.0.pop_front()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn list(&mut self) -> Result<Self, RedisError> {
        self.next().unwrap_or(Answer::Nothing).into_list()
    }

    pub(crate) fn number(&mut self) -> Result<u64, RedisError> {
        self.next().unwrap_or(Answer::Nothing).into_number()
    }

    pub(crate) fn bytes(&mut self) -> Result<Bytes, RedisError> {
        match self.next() {
            Some(Answer::Bytes(bytes)) => Ok(bytes),
            other => Err(unexpected(&other.unwrap_or(Answer::Nothing))),
        }
    }

    pub(crate) fn text(&mut self) -> Result<Box<str>, RedisError> {
        let bytes = self.bytes()?;
        let text = std::str::from_utf8(&bytes);
        text.map(Into::into)
            .map_err(|_| unexpected(&Answer::Bytes(bytes.clone())))
    }
}

fn unexpected(answer: &Answer) -> RedisError {
    let kind = match answer {
        Answer::Nothing => "nothing",
        Answer::Integer(_) => "a number",
        Answer::Bytes(_) => "a text",
        Answer::List(_) => "a list",
    };
    RedisError::Command {
        why: format!("{kind} where the answer has something else").into(),
    }
}

pub(super) fn convert(value: Value) -> Result<Answer, RedisError> {
    Ok(match value {
        Value::Null => Answer::Nothing,
        Value::Integer(number) => Answer::Integer(number),
        Value::Boolean(is) => Answer::Integer(is.into()),
        Value::String(text) => Answer::Bytes(text.into_inner()),
        Value::Bytes(bytes) => Answer::Bytes(bytes),
        Value::Array(list) => {
            Answer::List(list.into_iter().map(convert).collect::<Result<_, _>>()?)
        }
        other => {
            let why = format!("an answer of the kind {:?}", other.kind());
            return Err(RedisError::Command { why: why.into() });
        }
    })
}
