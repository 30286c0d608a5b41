locals {
  # AWS's groups of rules that are told nothing more, and what each takes of a firewall's capacity.
  # Up to 1,500 units, with 2 for the rate, cost nothing beside the rule.
  rule_groups = {
    AWSManagedRulesAdminProtectionRuleSet = 100
    AWSManagedRulesAmazonIpReputationList = 25
    AWSManagedRulesAnonymousIpList        = 50
    AWSManagedRulesCommonRuleSet          = 700
    AWSManagedRulesKnownBadInputsRuleSet  = 200
    AWSManagedRulesLinuxRuleSet           = 200
    AWSManagedRulesPHPRuleSet             = 100
    AWSManagedRulesSQLiRuleSet            = 200
    AWSManagedRulesUnixRuleSet            = 100
    AWSManagedRulesWindowsRuleSet         = 200
    AWSManagedRulesWordPressRuleSet       = 100
  }
}
