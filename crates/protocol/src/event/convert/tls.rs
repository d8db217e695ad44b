//! What is known of a connection's encryption, as ASGI's `tls` extension has it.

use super::fields::{Fields, as_list, as_number, as_string};
use crate::{
    TlsInfo,
    event::{EventError, Map, Value, extension},
};

pub(super) fn write(info: &TlsInfo) -> Value {
    let chain = info.client_cert_chain.iter().cloned().map(Value::from);
    Map::from([
        ("server_cert".to_owned(), info.server_cert.as_deref().into()),
        ("client_cert_chain".to_owned(), chain.collect::<Vec<_>>().into()),
        (
            "client_cert_name".to_owned(),
            info.client_cert_name.clone().into(),
        ),
        (
            "client_cert_error".to_owned(),
            info.client_cert_error.clone().into(),
        ),
        ("tls_version".to_owned(), info.version.into()),
        ("cipher_suite".to_owned(), info.cipher_suite.into()),
    ])
    .into()
}

pub(super) fn read(map: Map) -> Result<TlsInfo, EventError> {
    let mut fields = Fields::inside(extension::TLS, map);
    let chain = fields.optional("client_cert_chain", |list| {
        as_list(list)?.into_iter().map(as_string).collect()
    })?;
    Ok(TlsInfo {
        version: fields.optional("tls_version", as_number)?,
        cipher_suite: fields.optional("cipher_suite", as_number)?,
        server_cert: fields.optional("server_cert", as_string)?.map(Into::into),
        client_cert_chain: chain.unwrap_or_default(),
        client_cert_name: fields.optional("client_cert_name", as_string)?,
        client_cert_error: fields.optional("client_cert_error", as_string)?,
        ..TlsInfo::default()
    })
}
