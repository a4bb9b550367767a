"""Settings of every test run."""

from hypothesis import HealthCheck, settings

# How long one example takes says nothing on a shared machine; pytest-timeout bounds the test.
settings.register_profile(
    "noroshi", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("noroshi")
