//! The account itself: whom AWS writes to.

use aws_sdk_account::types::AlternateContactType;

use crate::clients::Clients;
use crate::error::{Absent, Result};
use crate::operations;

/// Somebody whom AWS writes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// Name.
    pub name: String,
    /// Title.
    pub title: String,
    /// E-mail address.
    pub email_address: String,
    /// Phone number.
    pub phone_number: String,
}

/// Account management calls, in the account itself.
#[derive(Clone, Debug)]
pub struct Account {
    clients: Clients,
}

impl Account {
    pub(crate) fn new(clients: Clients) -> Self {
        Self { clients }
    }

    /// The security contact, if there is one.
    pub async fn security_contact(&self) -> Result<Option<Contact>> {
        let call = self
            .clients
            .sdk()
            .account()
            .get_alternate_contact()
            .alternate_contact_type(AlternateContactType::Security);
        let answer = self
            .clients
            .call(&operations::account::GET_ALTERNATE_CONTACT, call.send())
            .await
            .or_absent()?;
        Ok(answer
            .and_then(|answer| answer.alternate_contact)
            .map(|contact| Contact {
                name: contact.name.unwrap_or_default(),
                title: contact.title.unwrap_or_default(),
                email_address: contact.email_address.unwrap_or_default(),
                phone_number: contact.phone_number.unwrap_or_default(),
            }))
    }

    /// Sets the security contact.
    pub async fn put_security_contact(&self, contact: &Contact) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .account()
            .put_alternate_contact()
            .alternate_contact_type(AlternateContactType::Security)
            .name(&contact.name)
            .title(&contact.title)
            .email_address(&contact.email_address)
            .phone_number(&contact.phone_number);
        self.clients
            .call(&operations::account::PUT_ALTERNATE_CONTACT, call.send())
            .await
            .map(drop)
    }
}
