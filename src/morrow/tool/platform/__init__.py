"""An environment's AWS: its plan, its price, what no plan may take away, and the handover."""
