# The AWS Load Balancer Controller, narrower than its own page: what it changes carries the tag of
# this cluster. Shield and WAF Classic are off in its release, so their actions are left out.
locals {
  elb     = "arn:${var.aws.partition}:elasticloadbalancing:${local.here}"
  ec2     = "arn:${var.aws.partition}:ec2:${local.here}"
  elb_tag = "elbv2.k8s.aws/cluster"
  tagged  = { StringEquals = { "aws:ResourceTag/${local.elb_tag}" = var.cluster } }
  tagging = { StringEquals = { "aws:RequestTag/${local.elb_tag}" = var.cluster } }

  policy_load_balancer = {
    Version = "2012-10-17"
    Statement = concat(local.lb_read, local.lb_groups, local.lb_balancers, [for arn in var.web_acl_arn == null ? [] : [var.web_acl_arn] : {
      Sid      = "Firewall"
      Effect   = "Allow"
      Action   = ["wafv2:AssociateWebACL", "wafv2:DisassociateWebACL", "wafv2:GetWebACL", "wafv2:GetWebACLForResource"]
      Resource = [arn, "${local.elb}:loadbalancer/app/*"]
    }])
  }

  lb_read = [
    {
      Sid    = "Look" # descriptions know no resource
      Effect = "Allow"
      Action = [
        "acm:DescribeCertificate", "acm:ListCertificates", "ec2:DescribeAccountAttributes", "ec2:DescribeAddresses",
        "ec2:DescribeAvailabilityZones", "ec2:DescribeInstances", "ec2:DescribeInternetGateways",
        "ec2:DescribeNetworkInterfaces", "ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets",
        "ec2:DescribeTags", "ec2:DescribeVpcPeeringConnections", "ec2:DescribeVpcs", "ec2:GetSecurityGroupsForVpc",
        "elasticloadbalancing:DescribeCapacityReservation", "elasticloadbalancing:DescribeListenerAttributes",
        "elasticloadbalancing:DescribeListenerCertificates", "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeLoadBalancerAttributes", "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeSSLPolicies", "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DescribeTargetGroupAttributes", "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth", "elasticloadbalancing:DescribeTrustStores",
      ]
      Resource = ["*"]
    },
    {
      Sid       = "FirstBalancerOfTheAccount"
      Effect    = "Allow"
      Action    = ["iam:CreateServiceLinkedRole"]
      Resource  = ["arn:${var.aws.partition}:iam::${var.aws.account}:role/aws-service-role/elasticloadbalancing.amazonaws.com/*"]
      Condition = { StringEquals = { "iam:AWSServiceName" = "elasticloadbalancing.amazonaws.com" } }
    },
  ]

  lb_groups = [
    {
      Sid      = "MakeGroups"
      Effect   = "Allow"
      Action   = ["ec2:CreateSecurityGroup"]
      Resource = ["${local.ec2}:vpc/*"]
    },
    {
      Sid       = "MakeGroupsThatCarryTheTag"
      Effect    = "Allow"
      Action    = ["ec2:CreateSecurityGroup"]
      Resource  = ["${local.ec2}:security-group/*"]
      Condition = local.tagging
    },
    {
      Sid       = "TagThem"
      Effect    = "Allow"
      Action    = ["ec2:CreateTags"]
      Resource  = ["${local.ec2}:security-group/*"]
      Condition = { StringEquals = merge(local.tagging.StringEquals, { "ec2:CreateAction" = "CreateSecurityGroup" }) }
    },
    {
      Sid       = "ChangeThem"
      Effect    = "Allow"
      Action    = ["ec2:AuthorizeSecurityGroupIngress", "ec2:CreateTags", "ec2:DeleteSecurityGroup", "ec2:DeleteTags", "ec2:RevokeSecurityGroupIngress"]
      Resource  = ["${local.ec2}:security-group/*"]
      Condition = local.tagged
    },
    {
      Sid       = "LetThemReachThePods"
      Effect    = "Allow"
      Action    = ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"]
      Resource  = ["${local.ec2}:security-group/*"]
      Condition = { StringEquals = { "aws:ResourceTag/kubernetes.io/cluster/${var.cluster}" = "owned" } }
    },
  ]

  lb_balancers = [
    {
      Sid       = "MakeBalancers"
      Effect    = "Allow"
      Action    = ["elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup"]
      Resource  = ["${local.elb}:loadbalancer/*", "${local.elb}:targetgroup/*"]
      Condition = local.tagging
    },
    {
      Sid       = "TagBalancers"
      Effect    = "Allow"
      Action    = ["elasticloadbalancing:AddTags"]
      Resource  = ["${local.elb}:listener-rule/*", "${local.elb}:listener/*", "${local.elb}:loadbalancer/*", "${local.elb}:targetgroup/*"]
      Condition = local.tagging
    },
    {
      Sid    = "ChangeBalancers"
      Effect = "Allow"
      Action = [
        "elasticloadbalancing:AddTags", "elasticloadbalancing:CreateListener", "elasticloadbalancing:DeleteLoadBalancer",
        "elasticloadbalancing:DeleteTargetGroup", "elasticloadbalancing:DeregisterTargets",
        "elasticloadbalancing:ModifyLoadBalancerAttributes", "elasticloadbalancing:ModifyTargetGroup",
        "elasticloadbalancing:ModifyTargetGroupAttributes", "elasticloadbalancing:RegisterTargets",
        "elasticloadbalancing:RemoveTags", "elasticloadbalancing:SetIpAddressType", "elasticloadbalancing:SetSecurityGroups",
        "elasticloadbalancing:SetSubnets", "elasticloadbalancing:SetWebAcl",
      ]
      Resource  = ["${local.elb}:loadbalancer/*", "${local.elb}:targetgroup/*"]
      Condition = local.tagged
    },
    {
      Sid    = "ChangeListeners"
      Effect = "Allow"
      Action = [
        "elasticloadbalancing:AddListenerCertificates", "elasticloadbalancing:AddTags", "elasticloadbalancing:CreateRule",
        "elasticloadbalancing:DeleteListener", "elasticloadbalancing:DeleteRule", "elasticloadbalancing:ModifyListener",
        "elasticloadbalancing:ModifyListenerAttributes", "elasticloadbalancing:ModifyRule",
        "elasticloadbalancing:RemoveListenerCertificates", "elasticloadbalancing:RemoveTags",
        "elasticloadbalancing:SetRulePriorities",
      ]
      Resource  = ["${local.elb}:listener-rule/*", "${local.elb}:listener/*"]
      Condition = local.tagged
    },
  ]
}
