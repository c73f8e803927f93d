"""The budget: AWS sends an email when the account's costs of a month come near to an amount. It stops nothing.

It counts the costs of the whole account, because AWS counts by stack only after somebody has switched on its tags.
"""

from stack.template.cfn import Template, ref, resource

# Per cent of the amount. AWS forecasts a month from the weeks before it.
_SPENT, _FORECAST = (50, 80, 100), 100


def budget() -> Template:
    reached = [_notification("ACTUAL", percent) for percent in _SPENT]
    properties = {
        # No BudgetName: a new address replaces the budget, and AWS would refuse a second one of the same name.
        "Budget": {
            "BudgetType": "COST",
            "TimeUnit": "MONTHLY",
            "BudgetLimit": {"Amount": ref("BudgetDollars"), "Unit": "USD"},
        },
        "NotificationsWithSubscribers": [*reached, _notification("FORECASTED", _FORECAST)],
    }
    return {"Resources": {"Budget": resource("Budgets::Budget", properties, Condition="HasBudget")}}


def _notification(kind: str, percent: int) -> Template:
    over = {"ComparisonOperator": "GREATER_THAN", "Threshold": percent, "ThresholdType": "PERCENTAGE"}
    address = {"SubscriptionType": "EMAIL", "Address": ref("BudgetEmail")}
    return {"Notification": {"NotificationType": kind, **over}, "Subscribers": [address]}
