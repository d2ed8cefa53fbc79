"""The books as files for those who read them elsewhere: accountants and tax auditors."""
