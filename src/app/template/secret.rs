//! Secrets that a spec has in plain text: judged by the name of a variable or flag and by its value.

/// Words in a name that mark its value as a secret.
const WORDS: [&str; 9] =
    ["PASSWORD", "PASSWD", "PASSPHRASE", "PWD", "SECRET", "TOKEN", "CREDENTIAL", "CREDENTIALS", "APIKEY"];
/// Words before `KEY` that do.
const KEYS: [&str; 4] = ["PRIVATE", "SECRET", "ACCESS", "API"];
/// Last words of a name whose value describes a secret or says where it is: `PASSWORD_FILE`, `TOKEN_TTL`.
const DESCRIBING: [&str; 38] = [
    "ALGORITHM",
    "AUDIENCE",
    "BACKEND",
    "CLASS",
    "COUNT",
    "DIR",
    "DURATION",
    "ENABLED",
    "ENDPOINT",
    "EXPIRATION",
    "EXPIRY",
    "FIELD",
    "FILE",
    "FORMAT",
    "HEADER",
    "HOST",
    "ID",
    "ISSUER",
    "LENGTH",
    "LIFETIME",
    "METHOD",
    "MODE",
    "NAME",
    "NAMESPACE",
    "PATH",
    "POLICY",
    "PREFIX",
    "PROVIDER",
    "REF",
    "SCOPE",
    "SIZE",
    "SOURCE",
    "STORE",
    "TIMEOUT",
    "TTL",
    "TYPE",
    "URI",
    "URL",
];
/// First words of a switch, which has no value: `--no-password`.
const SWITCHES: [&str; 8] = ["ALLOW", "DISABLE", "ENABLE", "NO", "REQUIRE", "SKIP", "USE", "WITH"];

/// Whether a variable or flag of this name, with this value, is a secret in plain text.
///
/// Where the name ends in a secret's word, each value is one but for switches and references to variables. Where it only has the word,
/// paths, URLs and whole numbers are none either, nor is any value of a name that ends in a word of `DESCRIBING`: `TOKEN_ISSUER`.
pub(super) fn is_secret(name: &str, value: &str) -> bool {
    let words = words(name);
    if value.is_empty() || is_switch(value) || is_reference(value) || !has_secret(&words) {
        return false;
    }
    let describes = words.last().is_some_and(|last| DESCRIBING.contains(&last.as_str()));
    let harmless = describes || value.starts_with('/') || value.contains("://") || value.parse::<i64>().is_ok();
    ends_in_secret(&words) || !harmless
}

/// Whether a text has a URL with a password: `postgres://user:password@host`. A reference to a variable in place of the password is
/// none.
pub(super) fn has_credentials(text: &str) -> bool {
    text.split("://").skip(1).any(|rest| {
        let authority =
            rest.split(|c: char| c.is_whitespace() || "/?#,;|<>\"'`".contains(c)).next().unwrap_or_default();
        let password =
            authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':')).map(|(_, password)| password);
        password.is_some_and(|password| !password.is_empty() && !is_reference(password))
    })
}

/// The first argument that is a secret in plain text, or has one: `--password=value`, the one after `--password`, a URL.
pub(super) fn in_arguments(arguments: &[&str]) -> Option<usize> {
    let mut before = "";
    arguments.iter().position(|argument| {
        let flag = std::mem::replace(&mut before, argument);
        let follows = flag.starts_with('-') && !flag.contains('=') && !argument.starts_with('-') && takes_secret(flag);
        let assigns = argument.split_whitespace().filter_map(|word| word.split_once('='));
        (follows && is_secret(flag, argument))
            || assigns.into_iter().any(|(name, value)| is_secret(name, value))
            || has_credentials(argument)
    })
}

/// Whether the argument after a flag can be a secret: `--password`, not `--no-password`.
fn takes_secret(flag: &str) -> bool {
    let words = words(flag);
    ends_in_secret(&words) && words.first().is_some_and(|first| !SWITCHES.contains(&first.as_str()))
}

fn is_switch(value: &str) -> bool {
    ["true", "false"].contains(&value.to_ascii_lowercase().as_str())
}

/// `$(NAME)`, which the kubelet replaces by the variable's value, and `$NAME` and `${NAME}`, which shells and frameworks do.
fn is_reference(value: &str) -> bool {
    value.trim_start_matches(['"', '\'']).starts_with('$') || value.contains("$(") || value.contains("${")
}

/// The words of a name in upper case: `db_password`, `--db-password`, `db.password` and `dbPassword` have the same two.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower = false;
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() || (lower && c.is_ascii_uppercase()) {
            words.push(String::new());
        }
        lower = c.is_ascii_lowercase();
        if let Some(word) = words.last_mut().filter(|_| c.is_ascii_alphanumeric()) {
            word.push(c.to_ascii_uppercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn has_secret(words: &[String]) -> bool {
    (1..=words.len()).any(|end| words.get(..end).is_some_and(ends_in_secret))
}

fn ends_in_secret(words: &[String]) -> bool {
    match words {
        [.., kind, key] if key == "KEY" => KEYS.contains(&kind.as_str()),
        [.., last] => WORDS.contains(&last.as_str()),
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_told_by_name_and_value() {
        for (name, value, secret) in [
            ("DB_PASSWORD", "hunter2", true),
            ("DB_PASSWORD", "12345678", true),
            ("db_password", "hunter2", true),
            ("dbPassword", "hunter2", true),
            ("spring.datasource.password", "hunter2", true),
            ("ADMIN_TOKEN", "/9sXk3aa", true),
            ("SECRET", "x://y", true),
            ("DB_PASSWORD_OLD", "hunter2", true),
            ("APIKEY", "abc", true),
            ("API_KEY", "abc", true),
            ("AWS_SECRET_ACCESS_KEY", "abc", true),
            ("SSH_PRIVATE_KEY", "-----BEGIN", true),
            ("TOKENIZER", "bpe", false),
            ("KEYCLOAK_URL", "x", false),
            ("PUBLIC_KEY", "abc", false),
            ("POSTGRES_PASSWORD_FILE", "/run/secrets/db/password", false),
            ("OAUTH_TOKEN_URL", "https://idp/token", false),
            ("PASSWORD_MIN_LENGTH", "12", false),
            ("REQUIRE_PASSWORD", "true", false),
            ("TOKEN_ISSUER", "shop", false),
            ("SECRET_NAME", "shop-db", false),
            ("JWT_TOKEN_HEADER", "Authorization", false),
            ("TOKEN_TTL", "15m", false),
            ("PASSWORD", "$(DB_PASSWORD)", false),
            ("AUTH_TOKEN", "Bearer $(TOKEN)", false),
            ("SPRING_DATASOURCE_PASSWORD", "${DB_PASSWORD}", false),
            ("PASSWORD", "", false),
        ] {
            assert_eq!(is_secret(name, value), secret, "{name}={value}");
        }
    }

    #[test]
    fn credentials_in_a_url_are_found_wherever_it_stands() {
        for (text, found) in [
            ("postgres://u:hunter2@db/x", true),
            ("--dsn=postgres://u:p%40ss@db:5432/x?sslmode=require", true),
            ("https://idp/token", false),
            ("postgres://u@db/x", false),
            ("postgres://u:$(PASSWORD)@db/x", false),
            ("psql postgres://app:$PGPASSWORD@db/app", false),
            ("postgres://u:${PASSWORD}@db", false),
            ("http://localhost:3000,admin@example.com", false),
            ("curl http://a:8080 && echo x@y", false),
            ("http://a/ http://u:p@b/", true),
            ("https://example.com/a:b@c", false),
            ("redis://:hunter2@cache", true),
        ] {
            assert_eq!(has_credentials(text), found, "{text}");
        }
    }

    #[test]
    fn flags_are_judged_like_variables() {
        for (arguments, found) in [
            (&["serve", "--password=hunter2"][..], Some(1)),
            (&["--api-token", "abc", "serve"], Some(1)),
            (&["-password", "hunter2"], Some(1)),
            (&["--api-key=abc"], Some(0)),
            (&["-Ddb.password=hunter2"], Some(0)),
            (&["user=u", "password=hunter2"], Some(1)),
            (&["sh", "-c", "serve --password=hunter2"], Some(2)),
            (&["sh", "-c", "serve --password=$DB_PASSWORD"], None),
            (&["sh", "-c", "export TOKEN=\"$(cat /run/secrets/token/token)\""], None),
            (&["--dsn", "postgres://u:hunter2@db/x"], Some(1)),
            (&["--password-file=/run/secrets/db/password", "--token-ttl", "30m"], None),
            (&["--secret-name", "shop", "--tls-secret-name=shop", "--token-audience", "x"], None),
            (&["--no-password", "mydb"], None),
            (&["--password=$(PASSWORD)", "--verbose", "serve"], None),
        ] {
            assert_eq!(in_arguments(arguments), found, "{arguments:?}");
        }
    }
}
