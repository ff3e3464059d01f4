# Completion of cargo dbmigrate for PowerShell:
# cargo-dbmigrate completions powershell | Out-String | Invoke-Expression

Register-ArgumentCompleter -Native -CommandName 'cargo-dbmigrate', 'cargo' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $elements = $commandAst.CommandElements | Where-Object { $_.Extent.StartOffset -lt $cursorPosition }
    $words = @($elements | ForEach-Object {
            if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.Extent.Text }
        })
    if ($words[0] -match '(^|[\\/])cargo(\.exe)?$') {
        $at = if ($words.Count -gt 1 -and $words[1].StartsWith('+')) { 2 } else { 1 }
        if ($words.Count -le $at -or $words[$at] -ne 'dbmigrate') { return }
    }
    # at a space, a new word begins
    if ($wordToComplete -eq '') { $words += '__nothing__' }
    cargo-dbmigrate __complete powershell '--' @words 2>$null | ForEach-Object {
        $value, $help = $_ -split "`t", 2
        $text = if ($value -match "[\s'`"``$;|&(){}@#,]") { "'" + $value.Replace("'", "''") + "'" } else { $value }
        $tip = if ($help) { $help } else { $value }
        [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $tip)
    }
}
