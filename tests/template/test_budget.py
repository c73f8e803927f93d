"""The budget exists if an amount and an address are set."""

import re

from tests.template.packaged import RESOURCES, TEMPLATE

BUDGET = RESOURCES["Budget"]


def test_the_address_hears_of_half_of_the_amount_of_all_of_it_and_of_a_forecast_above_it() -> None:
    properties = BUDGET["Properties"]
    assert properties["Budget"]["BudgetLimit"] == {"Amount": {"Ref": "BudgetDollars"}, "Unit": "USD"}
    notifications = properties["NotificationsWithSubscribers"]
    reached = {(each["Notification"]["NotificationType"], each["Notification"]["Threshold"]) for each in notifications}
    assert {("ACTUAL", 50), ("ACTUAL", 100), ("FORECASTED", 100)} <= reached
    for each in notifications:
        assert each["Subscribers"] == [{"SubscriptionType": "EMAIL", "Address": {"Ref": "BudgetEmail"}}]


def test_without_an_amount_or_an_address_there_is_no_budget() -> None:
    assert BUDGET["Condition"] == "HasBudget"
    is_set = [{"Fn::Not": [{"Fn::Equals": [{"Ref": name}, ""]}]} for name in ("BudgetDollars", "BudgetEmail")]
    assert TEMPLATE["Conditions"]["HasBudget"] == {"Fn::And": is_set}
    assert [TEMPLATE["Parameters"][name]["Default"] for name in ("BudgetDollars", "BudgetEmail")] == ["", ""]


def test_an_amount_is_a_number_of_dollars() -> None:
    pattern = TEMPLATE["Parameters"]["BudgetDollars"]["AllowedPattern"]
    assert [each for each in ("", "200", "0", "$9") if re.fullmatch(pattern, each)] == ["", "200"]
