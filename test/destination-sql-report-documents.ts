/** The sample documents of team activity, vault account activity and exit surveys, as an appliance sends them. */

export const teamActivityXml = `<?xml version="1.0" encoding="UTF-8"?>
<team_activity_list xmlns="http://www.beyondtrust.com/sra/namespaces/API/reporting">
    <start_time timestamp="1759999800">2025-10-09T08:50:00+00:00</start_time>
    <end_time timestamp="1760086800">2025-10-10T09:00:00+00:00</end_time>
    <team_activity id="1" name="Integration">
        <logged_in_representatives>
            <representative gsnumber="40" id="2">
                <display_name>Jon Berg</display_name>
                <public_ip>198.51.100.7:41286</public_ip>
                <private_ip>Unknown</private_ip>
            </representative>
        </logged_in_representatives>
        <events>
            <event timestamp="1760000400" event_type="Conference Member Added">
                <performed_by type="representative" gsnumber="40">Jon Berg</performed_by>
                <data>
                    <value name="private_name" value="Jon Berg" />
                    <value name="public_name" value="Jon" />
                    <value name="support_teams" value="Integration" />
                    <value name="private_ip" value="Unknown" />
                    <value name="public_ip" value="198.51.100.7:41286" />
                    <value name="os" value="Unknown" />
                    <value name="user_id" value="2" />
                </data>
            </event>
            <event timestamp="1760000405" event_type="Chat Message">
                <performed_by type="representative" gsnumber="40">Jon Berg</performed_by>
                <destinations>
                    <destination type="representative" gsnumber="51">Mei Lindqvist</destination>
                    <destination type="representative" gsnumber="61">Kato (vendor)</destination>
                </destinations>
                <body>Runbook is shared.</body>
            </event>
            <event timestamp="1760000406" event_type="Files Shared">
                <performed_by type="representative" gsnumber="40">Jon Berg</performed_by>
                <files>
                    <file name="runbook.pdf" size="18233" />
                    <file name="notes.txt" size="0" />
                </files>
            </event>
        </events>
    </team_activity>
    <team_activity id="4" name="Quiet Team">
        <logged_in_representatives></logged_in_representatives>
        <events></events>
    </team_activity>
</team_activity_list>
`;

export const vaultActivityXml = `<?xml version="1.0" encoding="UTF-8"?>
<vault_account_activity_list xmlns="http://www.beyondtrust.com/sra/namespaces/API/reporting">
    <vault_account_activity timestamp="1760000400" event_type="Account Created" account="12">
        <performed_by id="2" type="User">Jon Berg</performed_by>
        <data></data>
    </vault_account_activity>
    <vault_account_activity timestamp="1760000440" event_type="Password Changed" account="12">
        <performed_by id="2" type="User">Jon Berg</performed_by>
        <data>Manually Edited</data>
    </vault_account_activity>
    <vault_account_activity timestamp="1760000460" event_type="Credentials Used" account="12">
        <performed_by id="17" type="User">Mei Lindqvist</performed_by>
        <data>3f9c2a7b5d814e60a1c2d3e4f5061728</data>
    </vault_account_activity>
    <vault_account_activity timestamp="1760000499" event_type="Account Deleted" account="12"/>
</vault_account_activity_list>
`;

export const exitSurveyXml = String.raw`<?xml version="1.0" encoding="UTF-8"?>
<exit_survey_list xmlns="http://www.beyondtrust.com/sra/namespaces/API/reporting">
    <exit_survey lsid="aaaabbbbccccddddeeeeffff00001111" timestamp="1760001160">
        <submitted_by type="cust">Pat Quill</submitted_by>
        <primary_customer gsnumber="302">Pat Quill</primary_customer>
        <primary_rep gsnumber="301" id="5">Rosa Imai</primary_rep>
        <rep_list><representative gsnumber="301" id="5"><username>rimai</username><display_name>Rosa Imai</display_name></representative></rep_list>
        <question_list>
            <question id="1">
                <type>radio</type><name>rating</name><label>How did we do?</label><report_header>Rating</report_header>
                <answer_list><answer>5</answer></answer_list>
            </question>
            <question id="2">
                <type>textarea</type><name>comments</name><label>Anything else?</label><report_header>Comments</report_header>
                <answer_list><answer>Quick\n and kind</answer></answer_list>
            </question>
        </question_list>
    </exit_survey>
</exit_survey_list>
`;
