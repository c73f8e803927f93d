"""Providers of email with so many users that nothing follows from how many of them sign."""

# fmt: off
LARGE_PROVIDERS = frozenset({
    "aol.co.uk", "aol.com", "btinternet.com", "fastmail.com", "free.fr", "gmail.com", "gmx.com", "gmx.de", "gmx.net",
    "googlemail.com", "hotmail.co.uk", "hotmail.com", "hotmail.fr", "icloud.com", "laposte.net", "libero.it",
    "live.co.uk", "live.com", "mac.com", "mail.com", "mail.ru", "me.com", "msn.com", "ntlworld.com", "o2.co.uk",
    "orange.fr", "outlook.com", "plusnet.com", "proton.me", "protonmail.com", "qq.com", "rocketmail.com", "sky.com",
    "t-online.de", "talktalk.net", "tiscali.co.uk", "virgin.net", "virginmedia.com", "wanadoo.fr", "web.de",
    "yahoo.co.uk", "yahoo.com", "yandex.ru", "ymail.com",
})
# fmt: on
