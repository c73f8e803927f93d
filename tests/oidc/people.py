"""The provider's person with their group, its client, and the rights that our settings give to the group."""

PASSWORD = "a-password-for-tests"
PERSON, GROUP = "bob", "petition-team"
RIGHTS = {GROUP: ["counts", "manage"]}

CLIENT = "petitions"
SECRET = "a secret with: odd + characters"
