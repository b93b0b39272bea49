//! What do names of columns say, in the languages in which people name them?
//!
//! A name is cut into words at underscores, at humps (`firstName`) and before digits; letters lose their accents. Only
//! whole words count, and words that belong together are known joined (`first_name` as `firstname`): so `pin` is found in
//! `pin_code` and not in `shipping`. English, German, French, Spanish, Italian, Portuguese, Dutch and Polish.

/// What a column seems to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// A password, a token, a key: what lets somebody in.
    Secret,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// An account, a card, an IBAN.
    Account,
    /// A number that the state gives a person.
    Official,
    /// A person's name.
    Name,
    /// A login, a handle, a nickname.
    Handle,
    /// A part of a postal address.
    Address,
    /// When somebody was born.
    Birth,
    /// Sex, health, religion, origin, measures of a body, money that one earns.
    Intimate,
    /// An IP address, a browser, a device.
    Trace,
    /// Where somebody was.
    Place,
    /// A picture or a page.
    Link,
    /// A number under which another system knows the person.
    External,
    /// What people write.
    Prose,
    /// A kind, a state, a language: one of few words.
    Label,
    /// A digest of a document, a version, a path of the product itself.
    Technical,
}

impl Class {
    /// For a comment: "a telephone number".
    pub fn words(self) -> &'static str {
        match self {
            Class::Secret => "a secret",
            Class::Email => "an e-mail address",
            Class::Phone => "a telephone number",
            Class::Account => "an account or a card",
            Class::Official => "an official number",
            Class::Name => "a person's name",
            Class::Handle => "what somebody is called",
            Class::Address => "a postal address",
            Class::Birth => "a birthday",
            Class::Intimate => "about a body or a private life",
            Class::Trace => "a trace of a device",
            Class::Place => "where somebody was",
            Class::Link => "a picture or a page",
            Class::External => "a number in another system",
            Class::Prose => "free text",
            Class::Label => "a label",
            Class::Technical => "technical",
        }
    }

    /// Whether it is about a person, and goes.
    pub fn is_personal(self) -> bool {
        match self {
            Class::Secret
            | Class::Email
            | Class::Phone
            | Class::Account
            | Class::Official
            | Class::Name
            | Class::Handle
            | Class::Address
            | Class::Birth
            | Class::Intimate
            | Class::Trace
            | Class::Place
            | Class::Link
            | Class::External => true,
            Class::Prose | Class::Label | Class::Technical => false,
        }
    }
}

/// The words of each class, without accents; the classes in the order in which they are tried.
const CLASSES: &[(Class, &str)] = &[
    (
        Class::Email,
        "email emails mail mailaddress emailaddress emailadresse mailadresse courriel correo correoelectronico \
         posta postaelettronica emailadres adresemail mel replyto mailto",
    ),
    (
        Class::Secret,
        "password passwort passwd pwd passphrase kennwort passworthash passwordhash motdepasse mdp contrasena \
         clave senha haslo wachtwoord parola secret secrets geheimnis salt token tokens jeton apikey apitoken \
         accesskey accesstoken refreshtoken idtoken privatekey publickey otp totp mfa twofactor recoverycode \
         recoverycodes backupcodes backupcode pin pincode pinhash cvv cvc credential credentials credentialid \
         passkey authkey authorizationcode verificationcode resetcode confirmationcode securityanswer \
         securityquestion creds sessiontoken sessionkey encryptedkey passcode passcrypt",
    ),
    (
        Class::Trace,
        "ip ipaddress ipaddr ipv4 ipv6 ipadresse adresseip remoteaddr remoteaddress remoteip clientip useragent \
         ua browser device devices deviceid devicename deviceuuid mobiledevice geraet gerat appareil dispositivo \
         urzadzenie apparaat imei imsi udid idfa gaid mac macaddress browserfingerprint cookie cookies cookieid \
         visitorid anonymousid hostname referer referrer utm utmsource clickid gclid fbclid sessionid sessiondata \
         pushtoken fcmtoken",
    ),
    (
        Class::Phone,
        "phone phones phoneno phonenumber telephone telefon telefonnummer tel telno mobile mobileno mobilenumber \
         mobil mobilnummer handy handynummer cell cellphone cellular portable telefono movil celular cellulare \
         telefone telemovel telefoon telefoonnummer gsm komorka fax faxno telefax msisdn whatsapp sms smsnumber \
         workno homeno rufnummer signalnumber",
    ),
    (
        Class::Account,
        "iban bic swift accountno accountnumber bankaccount bankaccountnumber sortcode routingnumber kontonummer \
         kontonr bankverbindung konto compte comptebancaire rib cuenta cuentabancaria contobancario contabancaria \
         rekening rekeningnummer kontobankowe numerkonta cardno cardnumber creditcard creditcardnumber \
         kreditkarte carte tarjeta pan lastdigits last4 lastfour cardlast cardholder holder inhaber kontoinhaber \
         accountholder titulaire titular intestatario payer payee cardexpiry expmonth expyear cardbrand paypal \
         wallet walletaddress mandate mandatereference",
    ),
    (
        Class::Official,
        "ssn socialsecurity socialsecuritynumber nationalid nationalinsurance nino nhs nhsnumber taxid taxno \
         taxnumber tin vat vatid vatno vatnumber passport passportno passportnumber reisepass ausweis \
         ausweisnummer personalausweis steuernummer steuerid steueridnr ustid ustidnr sozialversicherungsnummer \
         svnr passeport insee nir cni siret siren pasaporte dni nie nif cif curp rfc codicefiscale partitaiva \
         passaporto cpf cnpj rg nis passaporte bsn burgerservicenummer paspoort paspoortnummer \
         rijksregisternummer btw btwnummer pesel nip regon paszport dowod driverslicense driverlicense licenseno \
         licensenumber fuhrerschein fuehrerschein permis patente insuranceno insurancenumber versicherungsnummer \
         krankenkasse ehic licenseplate kennzeichen immatriculation matricula kenteken vin",
    ),
    (
        Class::Birth,
        "dob birth birthday birthdate birthyear born bornon dateofbirth yearofbirth birthplace placeofbirth age \
         geburtstag geburtsdatum gebdatum gebdat geburtsort geboren alter naissance datenaissance datedenaissance \
         lieunaissance nele nacimiento fechanacimiento fechadenacimiento edad nascita datanascita datadinascita \
         luogonascita nascimento datanascimento datadenascimento idade geboortedatum geboorteplaats leeftijd \
         dataurodzenia urodzenia urodzony wiek",
    ),
    (
        Class::Intimate,
        "gender sex geschlecht sexe sexo genero sesso genere geslacht plec pronouns pronoun orientation religion \
         religious konfession religione religiao geloof wyznanie race ethnicity ethnic nationality nationalitat \
         staatsangehorigkeit staatsangehoerigkeit nationalite nacionalidad nazionalita nacionalidade \
         nationaliteit narodowosc obywatelstwo citizenship maritalstatus marital familienstand etatcivil \
         estadocivil statocivile burgerlijkestaat stancywilny children kids kinder enfants hijos figli filhos \
         health gesundheit sante salud salute saude gezondheid zdrowie medical diagnosis diagnoses diagnose \
         diagnostic diagnostico diagnosi allergy allergies allergie allergien alergias alergie medication \
         medications disease illness injury injuries symptoms disability behinderung handicap discapacidad \
         bloodtype bloodgroup blutgruppe height weight bmi bodyfat measurement measurements waist groesse gewicht \
         poids taille peso altezza altura lengte waga wzrost pregnant pregnancy smoker salary wage wages income \
         gehalt lohn salaire salario stipendio salaris pensja wynagrodzenie tradeunion political politicalparty \
         criminal conviction occupation profession beruf profesion professione profissao beroep zawod jobtitle \
         employer company companyname firma arbeitgeber emergencycontact notfallkontakt nextofkin mother father \
         spouse partner maidenname fingerprint biometric biometrics faceid dna voiceprint heartrate",
    ),
    (
        Class::Place,
        "lat latitude lng lon long longitude latlng latlon latlong geo geom geometry geolocation geoip \
         coordinates coords coordinate gps homelat homelon hometile breitengrad laengengrad langengrad",
    ),
    (
        Class::Address,
        "address addresses addr addressline street streetname streetaddress road houseno housenumber apartment \
         flat building city town village county postcode postalcode postal zip zipcode adresse anschrift strasse \
         str hausnummer hausnr plz postleitzahl ort wohnort stadt wohnung rue voie codepostal ville commune \
         direccion calle ciudad codigopostal cp localidad municipio provincia indirizzo citta comune civico \
         endereco rua cidade cep bairro morada logradouro localidade adres straat straatnaam huisnummer plaats \
         woonplaats stad ulica miasto kodpocztowy miejscowosc nrdomu location homelocation wohnsitz residence \
         domicile domicilio shipto billto shipstreet shipcity shipaddress destination",
    ),
    (
        Class::Name,
        "firstname firstnames fname forename givenname lastname lname surname familyname secondname middlename \
         fullname realname legalname displayname personname username customername clientname contactname \
         recipientname sendername authorname membername patientname guestname holdername ownername shipname \
         billingname shippingname attendeename participantname signername salutation honorific searchname \
         sortname initials contact contactperson recipient recipients sender attendee attendees guest guests \
         signer vorname nachname familienname zuname geburtsname anrede kundenname ansprechpartner empfanger \
         empfaenger absender prenom nomcomplet nomfamille nomdefamille nom civilite destinataire nombre nombres \
         apellido apellidos nombrecompleto primerapellido segundoapellido destinatario cognome nomecompleto \
         nominativo sobrenome apelido primeironome ultimonome voornaam voornamen achternaam tussenvoegsel \
         volledigenaam aanhef ontvanger imie imiona nazwisko imieinazwisko odbiorca signature unterschrift",
    ),
    (
        Class::Handle,
        "login loginname handle nick nickname nicknames screenname alias pseudo pseudonym benutzername \
         anmeldename spitzname utilisateur nomutilisateur usuario nombreusuario apodo utente nomeutente \
         soprannome nomeusuario nomedeusuario apelido gebruikersnaam bijnaam nazwauzytkownika uzytkownik \
         pseudonim facebook facebookid twitter instagram linkedin github githubid gitlab googleid appleid skype \
         telegram discord discordid slack slackid mastodon matrix matrixid matrixuserid xing tiktok youtube \
         snapchat wechat uid openid openidurl authuid nameid samaccountname upn subjectid whodunnit actorname \
         performedby",
    ),
    (
        Class::Link,
        "avatar avatarurl avatarid photo photos photourl picture pictureurl image images imageurl profileimage \
         profilepicture portrait foto fotos bild bilder immagine imagem imagen zdjecie afbeelding gravatar selfie \
         banner website homepage webseite siteweb sitioweb blog homepageurl weburl socialurl profileurl \
         calendlyurl bookingurl meetingurl storagekey",
    ),
    (
        Class::External,
        "externalid externalref externaluserid foreignid stripeid stripecustomer stripecustomerid customerref \
         paddleid braintreeid chargebeeid hubspotid intercomid salesforceid mailchimpid segmentid amplitudeid \
         posthogid zendeskid customerid oauthid provideraccountid provideruid identityprovider externalcustomerid \
         sub",
    ),
    (
        Class::Prose,
        "note notes comment comments commentary message messages body text content contents description desc bio \
         biography about aboutme aboutus summary reason remark remarks feedback review answer answers question \
         reply response wish wishes request requests subject title headline caption memo details detail info \
         information signaturetext statement letter transcript prompt query search input output payload data \
         notiz notizen bemerkung bemerkungen kommentar nachricht beschreibung grund hinweis hinweise anmerkung \
         anmerkungen betreff titel remarque remarques commentaire commentaires texte contenu raison motif objet \
         nota notas comentario comentarios mensaje descripcion motivo observaciones asunto titulo messaggio \
         commento commenti descrizione osservazioni oggetto titolo testo mensagem descricao observacao \
         observacoes assunto texto opmerking opmerkingen bericht omschrijving reden onderwerp toelichting uwaga \
         uwagi komentarz wiadomosc opis powod temat tytul tresc filename originalfilename label oldrow newrow \
         oldvalues newvalues oldvalue newvalue changes diff before after rowdata changedfields snapshot context \
         customfields fields preferences interests hobbies relation relationship",
    ),
    (
        Class::Label,
        "status state flag featureflag type kind category categories role roles locale lang language languages \
         currency timezone tz plan tier level priority severity provider source channel format mimetype \
         contenttype encoding theme unit units mode event action visibility frequency country countrycode method \
         scope scopes permission permissions outcome result decision color colour protocol platform dateformat \
         timeformat weekstart zustand typ rolle sprache wahrung waehrung zeitzone kategorie land statut etat \
         genre langue devise fuseau categorie pays estado tipo rol idioma moneda pais categoria stato ruolo \
         lingua valuta paese situacao papel moeda soort taal rola jezyk waluta kraj reasoncode errorcode \
         eventtype signingorder engine renderer",
    ),
    (
        Class::Technical,
        "checksum etag sha1 sha256 md5 version revision schema locktoken idempotencykey build commit queue job \
         worker topic cron interval regex template slug",
    ),
];

/// A word of a name alone, by which other people's names are told from things': `name` is a person's name in these tables.
const PEOPLE: &str = "user client customer person people member patient guest contact employee student teacher pupil trainer \
         staff author subscriber recipient attendee participant passenger driver owner holder candidate applicant \
         lead visitor profile account human child parent donor tenant resident voter citizen signer signatory \
         voyageur subject buyer seller player speaker kunde kunden benutzer nutzer mitglied mitglieder patienten \
         gast gaste gaeste mitarbeiter schuler schueler teilnehmer personen klient klienten utilisateur usager \
         membre personne eleve employe usuario cliente miembro persona paciente alumno empleado utente utenti \
         clienti membro persone paziente studente dipendente pessoa aluno funcionario socio gebruiker gebruikers \
         klant klanten lid leden persoon medewerker leerling uzytkownik uzytkownicy klienci osoba osoby czlonek \
         pacjent pracownik uczen";

/// Who did something with a row, as against whom the row is about.
const ACTORS: &str = "mod creator editor updater approver reviewer assignee assigned assigner operator agent admin administrator \
         moderator manager staff employee trainer coach instructor teacher tutor supervisor handler inviter \
         doctor therapist physician salesperson salesrep rep actor maintainer resolver closer banner blocker \
         granter grantor issuer impersonator verifier redactor confirmer updatedby createdby uploader author \
         bearbeiter ersteller betreuer mitarbeiter createur responsable creador autore responsabile criador \
         responsavel medewerker beheerder autor pracownik referrer referred referral";

/// The words of a name, in lower case and without accents.
pub(super) fn split(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let chars: Vec<char> = name.chars().collect();
    let mut end = |word: &mut String| {
        if !word.is_empty() {
            words.push(std::mem::take(word));
        }
    };
    for (index, &c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            end(&mut word);
            continue;
        }
        let before = index.checked_sub(1).map(|before| chars[before]);
        let hump = c.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || (before.is_uppercase() && chars.get(index + 1).is_some_and(|c| c.is_lowercase()))
            });
        let digits = before.is_some_and(|before| before.is_ascii_digit() != c.is_ascii_digit());
        if hump || digits {
            end(&mut word);
        }
        for c in c.to_lowercase() {
            fold(c, &mut word);
        }
    }
    end(&mut word);
    words
}

/// A letter without its accent.
fn fold(c: char, word: &mut String) {
    let plain = match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'è' | 'é' | 'ê' | 'ë' | 'ę' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => 'o',
        'ś' | 'š' => 's',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        'ß' => return word.push_str("ss"),
        other => other,
    };
    word.push(plain);
}

/// Whether a word, or several in a row joined, is in a list; an English plural counts.
pub(super) fn has(words: &[String], list: &str) -> bool {
    let in_list = |joined: &str| {
        let one = joined.strip_suffix('s').filter(|one| one.len() > 2);
        // `addresses`, `boxes`; `categories`.
        let es = joined.strip_suffix("es").filter(|one| one.len() > 2);
        let y = joined.strip_suffix("ies").filter(|stem| stem.len() > 2).map(|stem| format!("{stem}y"));
        list.split_whitespace()
            .any(|word| word == joined || Some(word) == one || Some(word) == es || Some(word) == y.as_deref())
    };
    (0..words.len()).any(|from| (from + 1..=words.len().min(from + 4)).any(|to| in_list(&words[from..to].concat())))
}

/// What a column of a table seems to hold, by its name; none where the name says nothing.
pub(super) fn class(column: &str, table: &str) -> Option<Class> {
    let words = split(column);
    // A moment at which a secret ran out is none, and a count of notes is no note.
    let about = words.last().map_or("", String::as_str);
    if matches!(about, "at" | "on" | "count" | "counter" | "enabled" | "confirmed" | "verified" | "required" | "sent") {
        return None;
    }
    let table = split(table);
    // A `user_role` is no user.
    let table = table.last().map_or(&[][..], std::slice::from_ref);
    let bare = ["name", "names", "naam", "nome", "nazwa", "title"];
    if let [only] = &words[..]
        && bare.contains(&only.as_str())
        && has(table, PEOPLE)
    {
        return Some(Class::Name);
    }
    // "customer_name" of anybody.
    let names = ["name", "nom", "nombre", "nome", "naam", "imie"];
    if words.len() > 1 && words.last().is_some_and(|last| names.contains(&last.as_str())) && has(&words, PEOPLE) {
        return Some(Class::Name);
    }
    let class = CLASSES.iter().find(|(_, list)| has(&words, list)).map(|(class, _)| *class)?;
    // A number that stands for an address is none.
    let by_number =
        words.len() > 1 && matches!(about, "id" | "ids" | "uuid" | "type" | "kind" | "status" | "format" | "state");
    let is_value =
        matches!(class, Class::Email | Class::Phone | Class::Address | Class::Birth | Class::Name | Class::Prose);
    match about {
        "id" | "ids" | "uuid" if is_value && by_number => None,
        _ if is_value && by_number => Some(Class::Label),
        _ => Some(class),
    }
}

/// Whether a reference says who has written something.
pub(super) fn is_author(column: &str) -> bool {
    has(&split(column), "author autor autore auteur autora verfasser sender writer poster commenter")
}

/// Whether a reference says who did something with the row, rather than whom it is about.
pub(super) fn is_actor(column: &str, subject_table: &str) -> bool {
    let words = split(column);
    // In a database of teachers, `teacher_id` is whom the row is about.
    let subject = split(subject_table);
    let is_subject = |word: &String| {
        subject.iter().any(|part| part == word || part.strip_suffix('s').is_some_and(|one| one == word.as_str()))
    };
    let by = words.iter().any(|word| word == "by");
    (by || has(&words, ACTORS)) && !words.iter().any(|word| is_subject(word) && !by)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(name: &str) -> String {
        split(name).join(" ")
    }

    #[test]
    fn a_name_is_cut_where_people_see_words() {
        assert_eq!(words("first_name"), "first name");
        assert_eq!(words("firstName"), "first name");
        assert_eq!(words("HTTPServerURL"), "http server url");
        assert_eq!(words("address_1"), "address 1");
        assert_eq!(words("phone2"), "phone 2");
        assert_eq!(words("Straße"), "strasse");
        assert_eq!(words("größe"), "grosse");
        assert_eq!(words("Imię i Nazwisko"), "imie i nazwisko");
        assert_eq!(words("\"; drop--"), "drop");
        assert_eq!(words(""), "");
    }

    #[test]
    fn whole_words_count_in_eight_languages() {
        for (column, expected) in [
            ("email", Class::Email),
            ("E_Mail", Class::Email),
            ("userEmail", Class::Email),
            ("courriel", Class::Email),
            ("correo_electronico", Class::Email),
            ("vorname", Class::Name),
            ("Nachname", Class::Name),
            ("prénom", Class::Name),
            ("apellidos", Class::Name),
            ("cognome", Class::Name),
            ("sobrenome", Class::Name),
            ("achternaam", Class::Name),
            ("nazwisko", Class::Name),
            ("customer_name", Class::Name),
            ("telefonnummer", Class::Phone),
            ("mobile_no", Class::Phone),
            ("teléfono", Class::Phone),
            ("straße", Class::Address),
            ("code_postal", Class::Address),
            ("kod_pocztowy", Class::Address),
            ("huisnummer", Class::Address),
            ("geburtsdatum", Class::Birth),
            ("date_de_naissance", Class::Birth),
            ("data_di_nascita", Class::Birth),
            ("fecha_nacimiento", Class::Birth),
            ("geboortedatum", Class::Birth),
            ("dataUrodzenia", Class::Birth),
            ("iban", Class::Account),
            ("pesel", Class::Official),
            ("codice_fiscale", Class::Official),
            ("cpf", Class::Official),
            ("bsn", Class::Official),
            ("steuer_id", Class::Official),
            ("encrypted_password", Class::Secret),
            ("mot_de_passe", Class::Secret),
            ("hasło", Class::Secret),
            ("ip_address", Class::Trace),
            ("UserAgent", Class::Trace),
            ("notiz", Class::Prose),
            ("uwagi", Class::Prose),
            ("status", Class::Label),
        ] {
            assert_eq!(class(column, "things"), Some(expected), "{column}");
        }
    }

    #[test]
    fn parts_of_words_say_nothing() {
        for column in
            ["shipping", "emailed", "recipe", "zipper", "streetwise", "panel", "agency", "sexagesimal", "apple"]
        {
            assert_eq!(class(column, "things"), None, "{column}");
        }
        assert_eq!(class("token_expires_at", "users"), None, "a moment is no secret");
        assert_eq!(class("email_verified", "users"), None);
        assert_eq!(class("comments_count", "users"), None);
    }

    #[test]
    fn a_name_is_a_person_s_where_the_table_is_of_people() {
        assert_eq!(class("name", "users"), Some(Class::Name));
        assert_eq!(class("name", "Customer"), Some(Class::Name));
        assert_eq!(class("naam", "klanten"), Some(Class::Name));
        assert_eq!(class("name", "products"), None);
    }

    #[test]
    fn who_did_something_is_told_from_whom_it_is_about() {
        for column in
            ["created_by", "createdById", "approved_by_id", "trainer_id", "assignee_id", "invitedBy", "author_id"]
        {
            assert!(is_actor(column, "users"), "{column}");
        }
        for column in ["user_id", "client_id", "ownerId", "recipient_id", "teacher_id", "hobby_id"] {
            assert!(!is_actor(column, "teachers"), "{column}");
        }
    }
}
