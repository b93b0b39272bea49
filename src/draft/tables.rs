//! What do names of tables say about their rows?
//!
//! Whether rows go with a person or stay in the books is often in the name of their table, in the languages that
//! [`super::words`] knows.

use super::words::{has, split};

/// What the rows of a table seem to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Sign-ins, tokens, notifications: nobody needs them without the person.
    Fleeting,
    /// Orders, invoices, bookings: counted in reports, kept by law.
    Books,
    /// What was changed, and what stood there before.
    History,
    /// Where several people work together: what hangs on it is other people's too.
    Shared,
    /// What people write and upload.
    Content,
}

impl Kind {
    /// For a comment.
    pub fn words(self) -> &'static str {
        match self {
            Kind::Fleeting => "of no use without the person, by the table's name",
            Kind::Books => "books, by the table's name: reports count them",
            Kind::History => "a history, by the table's name: it holds what stood there before",
            Kind::Shared => "shared with others, by the table's name",
            Kind::Content => "what people write, by the table's name",
        }
    }
}

/// The words of each kind, without accents; in the order in which they are tried.
const KINDS: &[(Kind, &str)] = &[
    (
        Kind::History,
        "audit auditlog audittrail history histories changelog revision papertrail verlauf historie protokoll \
         historique historial storico historico geschiedenis historia oldrow undo",
    ),
    (
        Kind::Fleeting,
        "session token accesstoken refreshtoken apikey apitoken notification device login loginattempt signin \
         identity identities credential password passwordreset passkey authenticator authenticatorkey otp mfa \
         factor webauthn oauth oauthaccount oauthgrant verification verificationrequest confirmation resetrequest \
         magiclink preference setting usersetting favorite favourite bookmark follow follower friend friendship \
         block mute mutedword watch watcher watchlist wishlist like vote reaction receipt readreceipt read seen \
         cart basket draft recentsearch searchhistory pageview impression avatar photo picture profileimage \
         profilepicture profilephoto image card creditcard paymentmethod mandate bankaccount pushsubscription \
         newslettersubscription mailingsubscription useremail useraddress phonenumber emailaddress contactdetail \
         linking benachrichtigung sitzung anmeldung einstellung merkliste warenkorb entwurf favorit favori panier \
         jeton sesion sesiones notificacion carrito favorito sessione notifica carrello preferito sessao \
         notificacao carrinho sessie melding winkelmand sesja powiadomienie koszyk ulubione",
    ),
    (
        Kind::Books,
        "order invoice payment booking reservation transaction ledger refund purchase sale sales contract \
         subscription charge payout transfer bill billing creditnote shipment delivery deliveries claim donation \
         rental visit attendance appointment enrollment enrolment registration ticket waitinglist \
         waitinglistentry waitinglistentries accounting journal posting tax settlement payroll timesheet usage \
         consent quote loan deposit withdrawal trade voucher coupon redemption lease return stay trip ride \
         treatment prescription exam certificate bestellung rechnung zahlung buchung vertrag lieferung \
         reservierung termin besuch gutschrift abonnement abo spende commande facture paiement contrat achat \
         vente livraison rendezvous don pedido factura pago reserva contrato compra venta cita suscripcion \
         donacion ordine ordini fattura fatture pagamento pagamenti prenotazione prenotazioni contratto contratti \
         acquisto vendita appuntamento abbonamento donazione encomenda fatura venda consulta assinatura doacao \
         bestelling bestellingen factuur facturen betaling betalingen boeking boekingen afspraak aankoop verkoop \
         zamowienie zamowienia faktura faktury platnosc platnosci rezerwacja rezerwacje umowa umowy zakup \
         sprzedaz wizyta darowizna bestellungen rechnungen zahlungen buchungen vertrage vertraege",
    ),
    (
        Kind::Shared,
        "team org organisation organization workspace project tenant company companies group club community \
         communities space board channel server site store shop school course household family families \
         repository repositories room chat conversation thread forum folder collection playlist league event \
         environment app application firma firmen gruppe gruppen mandant verein projekt projekte entreprise \
         societe equipe groupe projet empresa equipo grupo proyecto azienda gruppo progetto projeto bedrijf groep \
         zespol grupa calendar",
    ),
    (
        Kind::Content,
        "comment post message note review document article topic file upload attachment diaryentry diaryentries \
         diarycomment blog page entry entries answer question feedback report issue task todo letter mail email \
         story stories video recording trace track template form survey submission envelope prompt dashboard \
         query snippet kommentar nachricht beitrag notiz dokument datei commentaire fichier comentario mensaje \
         archivo commento messaggio mensagem arquivo bericht bestand wiadomosc komentarz plik",
    ),
];

/// What the rows of a table seem to be, by its name; none where the name says nothing.
///
/// In a name of several words the last one says what a row is: an `order_note` is a note. So words count from the end.
pub(super) fn kind(table: &str) -> Option<Kind> {
    let words = split(table);
    let words: Vec<String> = words.into_iter().filter(|word| !word.chars().all(|c| c.is_ascii_digit())).collect();
    let of = |words: &[String]| KINDS.iter().find(|(_, list)| has(words, list)).map(|(kind, _)| *kind);
    // Histories are called so anywhere in the name.
    if has(&words, KINDS[0].1) {
        return Some(Kind::History);
    }
    // What is known joined says more than its last word.
    let joined = (0..words.len().saturating_sub(1)).find_map(|from| {
        let joined = words[from..].concat();
        let one = joined.strip_suffix('s');
        let whole = |list: &str| list.split_whitespace().any(|word| word == joined || Some(word) == one);
        KINDS.iter().find(|(_, list)| whole(list)).map(|(kind, _)| *kind)
    });
    joined.or_else(|| of(words.get(words.len().checked_sub(1)?..)?))
}

/// Tables whose rows are a person's without a reference to the person: rather the person's row points at them.
pub(super) fn is_parent_of_one(table: &str) -> bool {
    const WORDS: &str = "address contact person people profile identity location image photo avatar picture file attachment \
         upload document bankaccount card billing adresse adressen anschrift kontakt personen datei bild \
         direccion persona indirizzo endereco pessoa adres adresy persoon osoba fichier personne";
    has(&split(table), WORDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_say_what_a_row_is() {
        for (table, expected) in [
            ("sessions", Some(Kind::Fleeting)),
            ("user_sessions", Some(Kind::Fleeting)),
            ("PasswordResetToken", Some(Kind::Fleeting)),
            ("orders", Some(Kind::Books)),
            ("order_notes", Some(Kind::Content)),
            ("payments_credit_cards", Some(Kind::Fleeting)),
            ("identities_bases", None),
            ("organisation_members", None),
            ("Rechnungen", Some(Kind::Books)),
            ("fatture", Some(Kind::Books)),
            ("zamówienia", Some(Kind::Books)),
            ("waiting_list_entries", Some(Kind::Books)),
            ("audits", Some(Kind::History)),
            ("history_of_orders", Some(Kind::History)),
            ("teams", Some(Kind::Shared)),
            ("messages", Some(Kind::Content)),
            ("widgets", None),
            ("reorder", None),
            ("", None),
        ] {
            assert_eq!(kind(table), expected, "{table}");
        }
    }
}
