"""The template that `chalice package` writes, made in this process from the imported application, without its zip."""

import json
from typing import Any, cast

from chalice.config import Config
from chalice.deploy.appgraph import ApplicationGraphBuilder, DependencyBuilder
from chalice.deploy.deployer import (
    BuildStage,
    InjectDefaults,
    LambdaEventSourcePolicyInjector,
    PolicyGenerator,
    SwaggerBuilder,
)
from chalice.deploy.models import LambdaFunction
from chalice.deploy.swagger import CFNSwaggerGenerator
from chalice.package import ResourceBuilder, SAMTemplateGenerator, TemplateDeepMerger
from chalice.policy import AppPolicyGenerator
from chalice.utils import OSUtils

from stack.paths import LOCAL_STAGE, ROOT
from stack.template.merge import merge_template


class _Options:
    """What Chalice would ask AWS for."""

    def service_principal(self, service: str) -> str:
        return f"{service}.amazonaws.com"


def application_template(app: Any, stage: str = LOCAL_STAGE) -> dict[str, Any]:
    """Return the application's template. Only each function's CodeUri differs from that of `make package`."""
    config = Config(
        chalice_stage=stage,
        user_provided_params={"chalice_app": app, "project_dir": str(ROOT)},
        config_from_disk=json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8")),
    )
    files = OSUtils()
    policies = PolicyGenerator(policy_gen=AppPolicyGenerator(osutils=files), osutils=files)
    steps = [InjectDefaults(), policies, SwaggerBuilder(CFNSwaggerGenerator()), LambdaEventSourcePolicyInjector()]
    builder = ResourceBuilder(ApplicationGraphBuilder(), DependencyBuilder(), BuildStage(steps))
    resources = builder.construct_resources(config, stage)
    for resource in resources:
        if isinstance(resource, LambdaFunction):
            resource.deployment_package.filename = "deployment.zip"
    generated = SAMTemplateGenerator(config, cast(Any, _Options())).generate(resources)
    # Through JSON, because parts of the template share objects, and callers may change theirs.
    template: dict[str, Any] = json.loads(json.dumps(TemplateDeepMerger().merge(merge_template(), generated)))
    return template
