"""s3_config, the settings of the older package's CloudObject, as settings of this one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from . import errors

_KEYS = (
    "region_name",
    "endpoint_url",
    "credentials",
    "role_arn",
    "token_duration_seconds",
    "botocore_config_kwargs",
)
_WRITE_KEYS = '"credentials": {"AccessKeyId": ..., "SecretAccessKey": ..., "SessionToken": ...}'
_HINTS = {
    "aws_access_key_id": f"write {_WRITE_KEYS}",
    "aws_secret_access_key": f"write {_WRITE_KEYS}",
    "aws_session_token": f"write {_WRITE_KEYS}",
    "use_token": "leave it out: no token is asked for, keys never leave the process",
    "s3_config_kwargs": 'write "botocore_config_kwargs"',
    "region": 'write "region_name"',
    "endpoint": 'write "endpoint_url"',
}
_CREDENTIALS = {
    "AccessKeyId": "access_key",
    "SecretAccessKey": "secret_key",
    "SessionToken": "session_token",
}
#: A role's credentials that end sooner are asked for anew.
_SPARE = timedelta(minutes=5)


def _check(config: Mapping[str, Any]) -> None:
    for key in config:
        if key not in _KEYS:
            hint = _HINTS.get(key, f"there are {', '.join(_KEYS)}")
            raise errors.InvalidArgument(f"s3_config: no key is called {key}: {hint}")
    for key in config.get("credentials") or {}:
        if key not in (*_CREDENTIALS, "Expiration"):
            raise errors.InvalidArgument(
                f"s3_config: credentials have no {key}: there are {', '.join(_CREDENTIALS)}"
            )


def _of_botocore(kwargs: Mapping[str, Any]) -> dict[str, object]:
    """What botocore's Config has in common with the library's settings."""
    found: dict[str, object] = {
        "addressing": (kwargs.get("s3") or {}).get("addressing_style"),
        "connections": kwargs.get("max_pool_connections"),
        "connect_timeout": kwargs.get("connect_timeout"),
        "first_byte": kwargs.get("read_timeout"),
        "retries": (kwargs.get("retries") or {}).get("max_attempts"),
    }
    # botocore.UNSIGNED is an object of its own that prints as this.
    if "UNSIGNED" in repr(kwargs.get("signature_version")).upper():
        found["anonymous"] = True
    return {name: value for name, value in found.items() if value is not None}


class S3Config:
    """The settings that a CloudObject was given, checked."""

    def __init__(self, config: Mapping[str, Any] | None) -> None:
        self._config = dict(config or {})
        _check(self._config)
        self._role: dict[str, Any] | None = None

    def public(self) -> dict[str, Any]:
        """What may travel: all but credentials."""
        return {key: value for key, value in self._config.items() if key != "credentials"}

    def _assume_role(self, credentials: Mapping[str, Any]) -> dict[str, Any]:
        now = datetime.now(UTC)
        if self._role is None or self._role["Expiration"] - now < _SPARE:
            request: dict[str, Any] = {"RoleArn": self._config["role_arn"]}
            request["RoleSessionName"] = "dataplug"
            if self._config.get("token_duration_seconds"):
                request["DurationSeconds"] = int(self._config["token_duration_seconds"])
            answer = self._client("sts", credentials).assume_role(**request)
            self._role = dict(answer["Credentials"])
        return self._role

    def credentials(self) -> Mapping[str, Any]:
        """AccessKeyId and so on; empty: as the environment says."""
        given = self._config.get("credentials") or {}
        return self._assume_role(given) if self._config.get("role_arn") else given

    def settings(self) -> dict[str, object]:
        """The same in the words of dataplug.open()."""
        keys = self.credentials()
        return {
            "region": self._config.get("region_name"),
            "endpoint": self._config.get("endpoint_url"),
            **{name: keys.get(key) for key, name in _CREDENTIALS.items()},
            **_of_botocore(self._config.get("botocore_config_kwargs") or {}),
        }

    def _client(self, service: str, credentials: Mapping[str, Any]) -> Any:
        try:
            import boto3  # type: ignore[import-untyped, unused-ignore]
            from botocore.config import Config  # type: ignore[import-untyped, unused-ignore]
        except ImportError as error:
            raise errors.Unsupported(
                "this needs boto3: pip install 'dataplug[compat]'"
                if service == "s3"
                else "role_arn needs boto3 (pip install 'dataplug[compat]'), or a profile with "
                "role_arn in ~/.aws/config, named by AWS_PROFILE"
            ) from error
        return boto3.client(
            service,
            region_name=self._config.get("region_name") or "us-east-1",
            endpoint_url=self._config.get("endpoint_url"),
            aws_access_key_id=credentials.get("AccessKeyId"),
            aws_secret_access_key=credentials.get("SecretAccessKey"),
            aws_session_token=credentials.get("SessionToken"),
            config=Config(**(self._config.get("botocore_config_kwargs") or {})),
        )

    def client(self) -> Any:
        """A client of boto3 with these settings."""
        return self._client("s3", self.credentials())
