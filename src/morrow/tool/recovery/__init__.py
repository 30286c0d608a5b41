"""What a killed or foreign command left behind, and how it is put right."""
