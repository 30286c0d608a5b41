# The releases of a cluster with a platform in each mode, as terraform/cluster/NAME makes them.
variable "mode" {
  type     = string
  default  = "karpenter"
  nullable = false
}

variable "route" {
  type     = string
  default  = "ingress"
  nullable = false
}

variable "charts" {
  type     = map(object({ chart = string, version = string }))
  nullable = false
}

provider "helm" {
  kubernetes = { config_path = var.kubeconfig, config_context = "dev" }
}

variable "argocd" {
  type     = bool
  default  = false
  nullable = false
}

variable "receiver" {
  type     = string
  default  = ""
  nullable = false
}

variable "irsa" {
  type     = bool
  default  = false
  nullable = false
}

variable "kubeconfig" {
  type     = string
  nullable = false
}

module "controllers" {
  source = "../../../../terraform/modules/controllers"
  charts = var.charts
  argocd = var.argocd

  monitoring = { receiver = var.receiver }

  platform = {
    schema  = 1
    name    = "dev"
    aws     = { region = "eu-central-1" }
    vpc     = { id = "vpc-1", private_subnets = { eu-central-1a = "subnet-1", eu-central-1b = "subnet-2" } }
    compute = { mode = var.mode, karpenter = var.mode == "karpenter" ? { profile = "dev-karpenter-node", queue = "dev-karpenter" } : null }
    cluster = { name = "dev", security_group = "sg-1" }
    dns     = { zone_id = "Z1", suffix = "dev.example.com" }
    route = {
      mode    = var.route
      gateway = { name = "public", namespace = "gateway" }
      annotations = {
        "alb.ingress.kubernetes.io/certificate-arn"          = "arn:aws:acm:eu-central-1:111122223333:certificate/one"
        "alb.ingress.kubernetes.io/healthcheck-path"         = "/alive"
        "alb.ingress.kubernetes.io/load-balancer-attributes" = "idle_timeout.timeout_seconds=61,routing.http.drop_invalid_header_fields.enabled=true,access_logs.s3.prefix=env=dev"
        "alb.ingress.kubernetes.io/scheme"                   = "internal"
        "alb.ingress.kubernetes.io/security-groups"          = "sg-2"
        "alb.ingress.kubernetes.io/ssl-policy"               = "ELBSecurityPolicy-TLS13-1-2-2021-06"
        "alb.ingress.kubernetes.io/target-group-attributes"  = "deregistration_delay.timeout_seconds=31"
        "alb.ingress.kubernetes.io/target-type"              = "ip"
      }
    }
    secrets  = { store = "aws-secrets-manager", store_kind = "ClusterSecretStore" }
    services = { hello = { namespace = "hello" } }
    roles = var.irsa ? { for name in ["external-dns", "external-secrets", "karpenter", "load-balancer"] :
    name => "arn:aws:iam::111122223333:role/dev-${name}" } : {}
  }
}
