"""A brand: for everybody to see, and it gives nobody away."""

from tests.fakes.world import World
from tests.unit.api.calls import Api, assert_problem

BRAND = "/api/v1/brand"
CONFIG = "/api/v1/tenants/acme/config"
NOTHING = dict.fromkeys(
    ("name", "logo_url", "primary_color", "secondary_color", "support_email", "support_phone", "support_url")
)


def publish(tenant_admin: Api, world: World, **brand: str) -> None:
    assert tenant_admin.put(CONFIG, {"brand": brand}).status_code == 200
    world.services.tenants.directory.refresh()


def test_drivers_see_it_without_a_token(anybody: Api, tenant_admin: Api, world: World) -> None:
    publish(tenant_admin, world, name="Acme Charging", primary_color="#0a7d3c")
    answer = anybody.get(f"{BRAND}?tenant=acme")
    assert answer.status_code == 200
    assert answer.get_json() == NOTHING | {"name": "Acme Charging", "primary_color": "#0a7d3c"}


def test_whoever_is_logged_in_sees_their_own(
    operator: Api, platform_admin: Api, tenant_admin: Api, world: World
) -> None:
    publish(tenant_admin, world, name="Acme Charging")
    assert operator.get(BRAND).get_json()["name"] == "Acme Charging"
    assert platform_admin.get(BRAND).get_json() == NOTHING


def test_a_tenant_without_a_brand_a_suspended_one_and_none_look_alike(
    anybody: Api, platform_admin: Api, tenant_admin: Api, world: World
) -> None:
    publish(tenant_admin, world, name="Acme Charging")
    platform_admin.post("/api/v1/tenants/acme/suspend")
    world.services.tenants.directory.refresh()
    answers = {
        anybody.get(f"{BRAND}{query}").data for query in ("?tenant=acme", "?tenant=beta", "?tenant=no", "")
    }
    assert len(answers) == 1


def test_a_token_that_is_none_is_refused(anybody: Api) -> None:
    assert_problem(anybody.get(BRAND, headers={"Authorization": "Bearer x"}), 401, "token_invalid")
    assert_problem(anybody.get(f"{BRAND}?tenant={'x' * 49}"), 422, "invalid_input", "tenant")


def test_an_operator_does_not_change_it(operator: Api, tenant_admin: Api) -> None:
    assert_problem(operator.put(CONFIG, {"brand": {"name": "x"}}), 403, "not_permitted")
    wrong = tenant_admin.put(CONFIG, {"brand": {"logo_url": "javascript:alert(1)"}})
    assert_problem(wrong, 422, "invalid_input", "brand.logo_url")
