from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localcloud.conftest import Cloud


def test_an_endpoint_without_a_type_is_a_gateway_and_takes_its_routes_with_it(cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.42.0.0/16")["Vpc"]["VpcId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    wanted = {"VpcId": vpc, "ServiceName": "com.amazonaws.eu-west-1.s3", "RouteTableIds": [table]}
    endpoint = ec2.create_vpc_endpoint(**wanted)["VpcEndpoint"]
    assert endpoint["VpcEndpointType"] == "Gateway"

    def gateways() -> set[str]:
        routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
        return {route["GatewayId"] for route in routes}

    assert gateways() == {"local", endpoint["VpcEndpointId"]}
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])["Unsuccessful"] == []
    assert gateways() == {"local"}
