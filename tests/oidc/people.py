"""The provider's people, groups and clients, and the rights that our settings give to each group."""

PASSWORD = "a-password-for-tests"
PEOPLE = {"bob": ["petition-team"], "carla": ["counters", "people-team"], "charlie": []}
RIGHTS = {"petition-team": ["counts", "manage"], "counters": ["counts"], "people-team": ["people"]}

CLIENT, PUBLIC_CLIENT = "petitions", "petitions-public"
SECRET = "a secret with: odd + characters"
