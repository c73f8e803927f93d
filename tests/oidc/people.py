"""Whom the provider knows, and which groups they are in. What a group may do here, our settings say."""

PASSWORD = "a-password-for-tests"
PEOPLE = {"bob": ["petition-team"], "carla": ["counters", "people-team"], "charlie": []}
RIGHTS = {"petition-team": ["counts", "manage"], "counters": ["counts"], "people-team": ["people"]}

CLIENT, PUBLIC_CLIENT = "petitions", "petitions-public"
SECRET = "a secret with: odd + characters"
