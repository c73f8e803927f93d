"""The whole template: what `chalice package` writes for the application, merged with ours.

Chalice makes it in this process, with its own steps for packaging, because its command would also install packages, and
would read each function's policy from a file.
"""

import json
from typing import Any, cast

from chalice.config import Config
from chalice.deploy.appgraph import ApplicationGraphBuilder, DependencyBuilder
from chalice.deploy.deployer import (
    BaseDeployStep,
    BuildStage,
    InjectDefaults,
    LambdaEventSourcePolicyInjector,
    SwaggerBuilder,
)
from chalice.deploy.models import FileBasedIAMPolicy, LambdaFunction
from chalice.deploy.swagger import CFNSwaggerGenerator
from chalice.package import ResourceBuilder, SAMTemplateGenerator, TemplateDeepMerger

from stack.paths import LOCAL_STAGE, ROOT
from stack.template.config import chalice_settings
from stack.template.merge import merge_template
from stack.template.rights import declared_policies


class _Options:
    """What Chalice would ask AWS for."""

    def service_principal(self, service: str) -> str:
        return f"{service}.amazonaws.com"


class _Policies(BaseDeployStep):
    """Chalice's own step would read each policy from a file. Here, the path of this file ends with the function."""

    def __init__(self) -> None:
        self._policies = declared_policies()

    def handle_filebasediampolicy(self, _: Config, resource: FileBasedIAMPolicy) -> None:
        resource.document = self._policies[resource.filename.rpartition("/")[2]]


def application_template(app: Any, stage: str = LOCAL_STAGE) -> dict[str, Any]:
    config = Config(
        chalice_stage=stage,
        user_provided_params={"chalice_app": app, "project_dir": str(ROOT)},
        config_from_disk=chalice_settings(),
    )
    steps = [InjectDefaults(), _Policies(), SwaggerBuilder(CFNSwaggerGenerator()), LambdaEventSourcePolicyInjector()]
    builder = ResourceBuilder(ApplicationGraphBuilder(), DependencyBuilder(), BuildStage(steps))
    resources = builder.construct_resources(config, stage)
    for resource in resources:
        if isinstance(resource, LambdaFunction):
            resource.deployment_package.filename = "./deployment.zip"
    generated = SAMTemplateGenerator(config, cast(Any, _Options())).generate(resources)
    # Through JSON, because parts of the template share objects, and callers may change theirs.
    template: dict[str, Any] = json.loads(json.dumps(TemplateDeepMerger().merge(merge_template(), generated)))
    return template
